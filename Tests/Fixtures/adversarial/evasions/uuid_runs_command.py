# expect: NoSubprocess
"""A private helper that starts a program."""

import uuid

def uuid_runs_command(data, filter):
    return uuid._get_command_stdout(data)
