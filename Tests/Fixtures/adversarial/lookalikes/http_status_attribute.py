# expect: clean
"""The same by `import`."""

import http

def http_status_attribute(data, filter):
    return http.HTTPStatus(int(data)).description
