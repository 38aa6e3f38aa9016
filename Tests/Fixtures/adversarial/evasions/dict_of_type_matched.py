# expect: NoExec
"""A pattern looks the key up."""

def dict_of_type_matched(data, filter):
    match data.__class__.__dict__:
        case {"__globals__": member}:
            return member.__get__(data)
    return None
