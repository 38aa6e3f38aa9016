"""Loads utilities by file, with the repository's root on the path, as the runtime does."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def utility():
    """`utility(name)` is the function of that name."""
    loaded = {}

    def load(name):
        if name not in loaded:
            (path,) = ROOT.glob(f"utils/**/{name}.py")
            spec = importlib.util.spec_from_file_location(f"utility_{name}", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            loaded[name] = getattr(module, name)
        return loaded[name]

    return load
