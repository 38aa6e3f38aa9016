# expect: clean
"""An attribute of one's own objects."""

from dataclasses import dataclass

@dataclass
class Host:
    name: str
    os: str

def attribute_os(data, filter):
    hosts = [Host(**row) for row in data]
    return sorted({host.os for host in hosts})
