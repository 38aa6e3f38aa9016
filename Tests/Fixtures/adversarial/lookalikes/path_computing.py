# expect: clean
"""A concrete path that only computes."""

from pathlib import Path

def path_computing(data, filter):
    return {"name": Path(data).name, "suffix": (Path("/") / data).suffix, "parts": Path(data).parent.parts}
