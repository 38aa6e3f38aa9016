# expect: clean
"""The usual key of a sort."""

from operator import attrgetter, itemgetter

def itemgetter_plain(data, filter):
    return sorted(map(itemgetter("name"), data)), sorted(filter, key=attrgetter("owner.name"))
