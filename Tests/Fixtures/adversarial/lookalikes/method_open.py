# expect: clean
"""Methods of an object of one's own."""

class Door:
    def open(self):
        return "open"

    def system(self):
        return self.open()

def method_open(data, filter):
    return Door().system()
