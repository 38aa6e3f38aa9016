# expect: NoImportOS
"""The modules, from one of them."""

import pickle

def pickle_carries_sys(data, filter):
    return pickle.sys.modules[data]
