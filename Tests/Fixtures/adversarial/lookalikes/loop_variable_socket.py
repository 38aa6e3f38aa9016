# expect: clean
"""A loop variable by that name."""

def loop_variable_socket(data, filter):
    return [socket["port"] for socket in data if socket.get("port")]
