# expect: clean
"""A table of a text."""

import io
import pandas as pd

def table_in_memory(data, filter):
    return pd.read_csv(io.StringIO(data)).to_dict()
