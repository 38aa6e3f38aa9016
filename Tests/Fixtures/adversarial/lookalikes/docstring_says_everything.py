# expect: clean
"""Documentation names what must not be used."""

def docstring_says_everything(data, filter):
    """Unlike `import os`, `from subprocess import run`, `exec(code)` or `requests.get(url)`.

    >>> eval("1 + 1")
    2
    """
    return data
