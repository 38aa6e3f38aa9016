# expect: NoNetwork
"""Sends mail."""

import smtplib

def smtp_sends(data, filter):
    return smtplib.SMTP("localhost").sendmail("a", "b", data)
