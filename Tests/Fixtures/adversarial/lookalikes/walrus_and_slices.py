# expect: clean
"""Modern syntax."""

def walrus_and_slices(data, filter):
    if (size := len(data)) > 3:
        return data[: size // 2][::-1]
    return data
