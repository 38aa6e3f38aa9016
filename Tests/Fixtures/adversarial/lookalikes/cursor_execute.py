# expect: clean
"""Methods that begin like the builtin."""

def cursor_execute(data, filter):
    cursor = filter["cursor"]
    cursor.execute("select 1")
    return cursor.exec(data)
