# expect: clean
"""A name that ends like the package."""

def my_requests_list(data, filter):
    my_requests = [item for item in data if item]
    my_requests.sort()
    return my_requests
