# expect: clean
"""The part of urllib that computes."""

from urllib.parse import urlparse, parse_qs

def urllib_parse(data, filter):
    parts = urlparse(data)
    return {"host": parts.hostname, "query": parse_qs(parts.query)}
