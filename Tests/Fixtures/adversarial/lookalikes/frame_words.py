# expect: clean
"""Keys and fields that are called like a frame's."""

def frame_words(data, filter):
    return data["f_code"], data.get("tb_frame"), data["gi_frame"]
