# expect: clean
"""The same, by `operator`."""

from collections import namedtuple
from operator import attrgetter

Host = namedtuple("Host", "name os")

def attrgetter_os(data, filter):
    return [host.name for host in sorted((Host(**row) for row in data), key=attrgetter("os"))]
