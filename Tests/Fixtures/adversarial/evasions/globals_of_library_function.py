# expect: NoExec
"""They hold the builtins."""

import json

def globals_of_library_function(data, filter):
    return json.dumps.__globals__["__builtins__"]["eval"](data)
