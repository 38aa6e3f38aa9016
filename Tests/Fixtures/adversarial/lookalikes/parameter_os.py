# expect: clean
"""A parameter by that name is only a string."""

def label(os, version):
    return f"{os} {version}"

def parameter_os(data, filter):
    return label(data["os"], data["version"])
