# expect: clean
"""A configuration from text."""

import configparser

def config_from_string(data, filter):
    parser = configparser.ConfigParser()
    parser.read_string(data)
    return parser.sections()
