# expect: clean
"""The names of status codes."""

from http import HTTPStatus

def http_status(data, filter):
    return HTTPStatus(int(data)).phrase
