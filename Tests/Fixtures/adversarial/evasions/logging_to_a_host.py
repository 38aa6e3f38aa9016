# expect: NoNetwork
"""A log handler that sends."""

from logging.handlers import SysLogHandler

def logging_to_a_host(data, filter):
    return SysLogHandler((data, 514))
