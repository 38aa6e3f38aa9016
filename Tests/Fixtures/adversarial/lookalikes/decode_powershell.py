# expect: clean
"""A realistic utility: explains an encoded command line, full of forbidden words."""

import base64
import binascii
import re

SUSPICIOUS = {
    "invoke-expression": "runs text as code, like eval() or exec()",
    "iex": "runs text as code",
    "downloadstring": "opens a socket to a server, like requests.get(url)",
    "start-process": "starts a process, like subprocess.Popen(...)",
    "get-content": "opens a file, like open(path)",
}
ENCODED = re.compile(r"-e(?:nc(?:odedcommand)?)?\s+([A-Za-z0-9+/=]{8,})", re.IGNORECASE)


def decode(blob):
    """Decode UTF-16 Base64 as PowerShell does; None where it is not."""
    try:
        return base64.b64decode(blob, validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError):
        return None


def explain(command):
    """List what a decoded command seems to do."""
    lowered = command.lower()
    return [
        {"keyword": word, "meaning": meaning}
        for word, meaning in SUSPICIOUS.items()
        if re.search(rf"\b{re.escape(word)}\b", lowered)
    ]


def decode_powershell(data, filter):
    """Decode every `-EncodedCommand` in the command lines of `data`."""
    lines = data if isinstance(data, list) else [data]
    results = []
    for line in lines:
        for match in ENCODED.finditer(line):
            command = decode(match.group(1))
            if command is None:
                results.append({"line": line, "error": "not Base64 of UTF-16"})
            else:
                results.append({"line": line, "command": command, "findings": explain(command)})
    return results
