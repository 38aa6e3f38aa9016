# expect: NoNetwork
"""Another one."""

from httpx import Client

def httpx_session(data, filter):
    return Client().get(data).text
