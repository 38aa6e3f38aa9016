# expect: clean
"""A realistic utility: hops of a mail from its headers."""

import email
import email.policy
import re
from email.utils import parsedate_to_datetime

_FROM = re.compile(r"from\s+(?P<host>[^\s;()]+)(?:\s+\((?P<detail>[^)]*)\))?", re.IGNORECASE)
_AUTH = re.compile(r"\b(spf|dkim|dmarc)=(\w+)", re.IGNORECASE)


class HeaderError(ValueError):
    """The text holds no mail headers."""


def hops(message):
    """Yield the hops from the sender on, with the delay of each."""
    previous = None
    for header in reversed(message.get_all("Received", [])):
        text = " ".join(str(header).split())
        origin = _FROM.search(text)
        _, _, stamp = text.rpartition(";")
        try:
            moment = parsedate_to_datetime(stamp.strip())
        except (TypeError, ValueError):
            moment = None
        delay = (moment - previous).total_seconds() if moment and previous else None
        previous = moment or previous
        yield {
            "host": origin["host"] if origin else None,
            "detail": origin["detail"] if origin else None,
            "time": moment.isoformat() if moment else None,
            "delay": delay,
        }


def parse_headers(data, filter):
    """Return sender, subject, authentication results and hops of a raw message."""
    message = email.message_from_string(data, policy=email.policy.default)
    if not message.keys():
        raise HeaderError("no headers found")
    results = " ".join(str(value) for value in message.get_all("Authentication-Results", []))
    return {
        "from": str(message["From"] or ""),
        "subject": str(message["Subject"] or ""),
        "authentication": {name.lower(): verdict for name, verdict in _AUTH.findall(results)},
        "hops": list(hops(message)),
    }
