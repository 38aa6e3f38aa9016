# expect: clean
"""Modules in a table, used for what they are."""

import csv
import json

FORMATS = {"json": json, "csv": csv}

def modules_in_a_table(data, filter):
    return FORMATS["json"].dumps(sorted(FORMATS))
