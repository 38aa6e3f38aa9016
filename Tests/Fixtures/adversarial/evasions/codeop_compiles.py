# expect: NoExec
"""The compiler of the prompt."""

import codeop

def codeop_compiles(data, filter):
    return codeop.compile_command(data)
