# expect: clean
"""A name that contains a module's."""

import base64
import hashlib

def websocket_key(data, filter):
    websocket_accept = hashlib.sha1(data.encode() + b"258EAFA5").digest()
    return base64.b64encode(websocket_accept).decode()
