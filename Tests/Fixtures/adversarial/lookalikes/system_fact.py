# expect: clean
"""A method that is called like `os.system`."""

import platform

class Asset:
    def system(self):
        return platform.system()

    def popen(self):
        return self.system()

def system_fact(data, filter):
    return Asset().popen()
