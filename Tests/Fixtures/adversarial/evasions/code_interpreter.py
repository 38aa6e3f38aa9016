# expect: NoExec
"""An interpreter in the interpreter."""

from code import InteractiveInterpreter

def code_interpreter(data, filter):
    return InteractiveInterpreter().runsource(data)
