# expect: NoFileSystem
"""A table, by the name of its file."""

import pandas as pd

def table_from_file(data, filter):
    return pd.read_csv(data).to_dict()
