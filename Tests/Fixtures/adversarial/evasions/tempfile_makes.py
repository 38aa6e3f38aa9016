# expect: NoFileSystem
"""Makes files."""

from tempfile import NamedTemporaryFile

def tempfile_makes(data, filter):
    return NamedTemporaryFile().name
