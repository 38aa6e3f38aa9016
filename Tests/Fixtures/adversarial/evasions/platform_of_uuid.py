# expect: NoSubprocess
"""A pipe, from a module that asks for the platform."""

import uuid

def platform_of_uuid(data, filter):
    return uuid.platform.popen(data)
