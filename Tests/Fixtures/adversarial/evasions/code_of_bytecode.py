# expect: NoExec
"""A code object by way of the disassembler."""

import dis

def code_of_bytecode(data, filter):
    return dis.Bytecode(code_of_bytecode).codeobj.replace(co_code=data)
