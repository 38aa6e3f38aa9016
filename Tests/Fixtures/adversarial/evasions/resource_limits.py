# expect: NoImportOS
"""Changes the process that others share."""

import resource

def resource_limits(data, filter):
    return resource.getrlimit(resource.RLIMIT_AS)
