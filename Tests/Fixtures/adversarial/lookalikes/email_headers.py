# expect: clean
"""A message from text."""

import email
from email import policy

def email_headers(data, filter):
    message = email.message_from_string(data, policy=policy.default)
    return {"from": message["From"], "subject": message["Subject"]}
