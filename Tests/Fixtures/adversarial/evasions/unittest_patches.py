# expect: NoImportOS
"""A mock imports its target."""

from unittest.mock import patch

def unittest_patches(data, filter):
    return patch("os.getcwd").start()
