# expect: clean
"""A realistic utility: indicators of compromise out of free text."""

import ipaddress
import re
from collections import OrderedDict

_URL = re.compile(r"\bhxxps?://[^\s\"'<>]+|\bhttps?://[^\s\"'<>]+", re.IGNORECASE)
_IP = re.compile(r"\b(?:\d{1,3}(?:\[?\.\]?)){3}\d{1,3}\b")
_HASH = {
    "md5": re.compile(r"\b[a-fA-F0-9]{32}\b"),
    "sha1": re.compile(r"\b[a-fA-F0-9]{40}\b"),
    "sha256": re.compile(r"\b[a-fA-F0-9]{64}\b"),
}
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")


def refang(text):
    """Undo the usual ways of defanging."""
    for old, new in (("hxxp", "http"), ("[.]", "."), ("(.)", "."), ("[:]", ":"), ("[@]", "@")):
        text = text.replace(old, new)
    return text


def addresses(text):
    """Yield every valid address once, in order."""
    seen = OrderedDict()
    for match in _IP.finditer(text):
        try:
            seen[str(ipaddress.ip_address(match.group()))] = None
        except ValueError:
            continue
    return list(seen)


def extract_indicators(data, filter):
    """Return the indicators found in `data`, by kind; `filter` may name the kinds wanted."""
    text = refang(data if isinstance(data, str) else str(data))
    found = {
        "url": sorted(set(_URL.findall(text))),
        "ip": addresses(text),
        "email": sorted(set(_MAIL.findall(text))),
    }
    for name, pattern in _HASH.items():
        found[name] = sorted({value.lower() for value in pattern.findall(text)})
    wanted = filter.get("kinds") if isinstance(filter, dict) else None
    return {kind: values for kind, values in found.items() if not wanted or kind in wanted}
