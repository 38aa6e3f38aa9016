# expect: NoImportOS
"""The other half of `signal`."""

import _signal

def private_signal(data, filter):
    return _signal.raise_signal(data)
