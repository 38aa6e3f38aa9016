# expect: clean
"""Prints."""

import sys

def print_and_input_names(data, filter):
    print("open(x)", file=sys.stderr)
    sys.stdout.write("done")
    return data
