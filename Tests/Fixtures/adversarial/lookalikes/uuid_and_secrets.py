# expect: clean
"""Identifiers."""

import secrets
import uuid

def uuid_and_secrets(data, filter):
    return [str(uuid.uuid5(uuid.uuid_and_secretsSPACE_URL, data)), secrets.token_hex(8)]
