# expect: NoNetwork
"""The package, from a module of mail."""

from email import utils

def email_carries_urllib(data, filter):
    return utils.urllib.request.urlopen(data)
