# expect: clean
"""Parses a header."""

from http.cookies import SimpleCookie

def http_cookies(data, filter):
    return {key: morsel.value for key, morsel in SimpleCookie(data).items()}
