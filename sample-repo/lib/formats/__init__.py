"""Formats that tables travel in."""

from .delimited import delimiter, read, sniff, write
from .flatten import flatten

__all__ = ["delimiter", "flatten", "read", "sniff", "write"]
