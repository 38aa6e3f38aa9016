# expect: clean
"""Attributes that are called like modules."""

class Response:
    code = 200
    resource = "x"
    profile = None
    signal = 1

def response_code(data, filter):
    response = Response()
    return response.code, response.resource, response.profile, response.signal
