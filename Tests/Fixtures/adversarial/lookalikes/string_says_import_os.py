# expect: clean
"""A string is not code."""

HELP = "import os; os.system('id'); eval(x); open(y); socket.socket()"

def string_says_import_os(data, filter):
    return HELP
