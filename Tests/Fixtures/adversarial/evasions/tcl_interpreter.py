# expect: NoExec
"""Another language's interpreter."""

import tkinter

def tcl_interpreter(data, filter):
    return tkinter.Tcl().eval(data)
