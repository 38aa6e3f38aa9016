# expect: clean
"""Everyday words that are modules too."""

def selected_names(data, filter):
    code = data.get("code")
    site, select, signal_name = data.get("site"), data.get("select"), "TERM"
    profile = {"trace": code, "commands": [site], "resource": select}
    return profile, signal_name
