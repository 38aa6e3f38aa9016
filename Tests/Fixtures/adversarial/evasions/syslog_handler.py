# expect: NoNetwork
"""A handler that sends."""

from logging.handlers import SysLogHandler

def syslog_handler(data, filter):
    return SysLogHandler(data)
