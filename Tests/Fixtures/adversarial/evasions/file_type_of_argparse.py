# expect: NoFileSystem
"""A type that opens files."""

import argparse

def file_type_of_argparse(data, filter):
    return argparse.FileType("w")(data)
