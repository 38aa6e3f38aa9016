# expect: clean
"""Objects as JSON."""

import json

class Encoder(json.JSONEncoder):
    def default(self, o):
        return o.__dict__ if hasattr(o, "__dict__") else super().default(o)

def encoder_of_objects(data, filter):
    return json.dumps(data, cls=Encoder), json.dumps(data, default=lambda each: vars(each))
