# expect: clean
"""A key is a string."""

def dict_key_os(data, filter):
    return {"os": data["os"], "subprocess": data["subprocess"]}
