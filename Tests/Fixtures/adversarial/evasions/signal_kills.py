# expect: NoImportOS
"""Sends signals."""

import signal

def signal_kills(data, filter):
    signal.raise_signal(signal.SIGTERM)
