"""The python-utils runtime: serves one release of one tenant's utilities over HTTP."""

__version__ = "1.0.0"
