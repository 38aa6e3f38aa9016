# expect: clean
"""Names of modules that are words."""

def turtle_and_friends(data, filter):
    turtle, code, profile = data
    return {"turtle": turtle, "code": code, "trace": profile}
