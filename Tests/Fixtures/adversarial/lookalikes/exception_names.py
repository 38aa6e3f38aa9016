# expect: clean
"""Names of errors of the operating system."""

def exception_names(data, filter):
    try:
        return int(data)
    except (OSError, FileNotFoundError, ConnectionError, ValueError) as error:
        return type(error).__name__
