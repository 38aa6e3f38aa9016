# expect: clean
"""A parameter that is called like the package."""

def per_minute(requests, minutes):
    return len(requests) / max(minutes, 1)

def requests_parameter(data, filter):
    return per_minute(data, filter)
