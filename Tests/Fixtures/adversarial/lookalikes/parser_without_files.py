# expect: clean
"""A parser of arguments."""

import argparse

def parser_without_files(data, filter):
    parser = argparse.ArgumentParser(prog="rows", description="open a file")
    parser.add_argument("--name", type=str)
    return vars(parser.parse_args(data))
