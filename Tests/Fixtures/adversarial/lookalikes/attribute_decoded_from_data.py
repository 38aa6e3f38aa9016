# expect: clean
"""A field whose name comes as bytes."""

def attribute_decoded_from_data(data, filter):
    return [getattr(row, field.decode()) for row, field in data]
