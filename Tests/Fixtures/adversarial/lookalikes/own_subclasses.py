# expect: clean
"""A registry of one's own classes."""

class Detector:
    pass

class PortScan(Detector):
    pass

def own_subclasses(data, filter):
    return [cls.__name__ for cls in Detector.__subclasses__()]
