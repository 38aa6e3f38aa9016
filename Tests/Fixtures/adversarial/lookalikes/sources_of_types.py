# expect: clean
"""The attributes of one's own objects, by their types."""

class Row:
    size = 1

    def fields(self):
        return {name: value for name, value in vars(type(self)).items() if not name.startswith("_")}

def sources_of_types(data, filter):
    return Row().fields()
