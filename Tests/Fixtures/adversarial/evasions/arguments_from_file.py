# expect: NoFileSystem
"""Arguments that stand in a file."""

import argparse

def arguments_from_file(data, filter):
    return argparse.ArgumentParser(fromfile_prefix_chars="@").parse_args(data)
