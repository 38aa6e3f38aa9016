# expect: NoNetwork
"""Lists a server."""

from ftplib import FTP

def ftp_lists(data, filter):
    return FTP(data).nlst()
