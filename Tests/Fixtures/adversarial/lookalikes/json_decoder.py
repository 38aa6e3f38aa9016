# expect: clean
"""A module's parts."""

import json
from json.decoder import JSONDecodeError

def json_decoder(data, filter):
    try:
        return json.loads(data)
    except JSONDecodeError as error:
        return {"error": error.msg, "line": error.lineno}
