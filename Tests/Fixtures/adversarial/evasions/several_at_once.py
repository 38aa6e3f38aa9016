# expect: NoExec, NoFileSystem, NoImportOS, NoNetwork, NoSubprocess
"""All rules in one file, each once."""

import os
import socket
from subprocess import run

def several_at_once(data, filter):
    exec(data)
    return open(os.path.join(data, socket.gethostname())), run(data)
