"""An e-mail's headers, read for an analyst: who sent it, by which way, and what was checked."""

import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.parser import HeaderParser
from email.utils import getaddresses

from lib import dates, inputs

_FROM = re.compile(r"^from\s+(\S{1,255})(?:\s+\(([^)]{0,500})\))?", re.IGNORECASE)
_FIELD = re.compile(r"\b(by|with|id|for)\s+<?([^\s;<>()]{1,320})>?", re.IGNORECASE)
_ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{3,45})\]")
_RESULT = re.compile(r"\b(spf|dkim|dmarc|arc)\s{0,5}=\s{0,5}([a-z]+)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]{0,1000}\)")


def parse_email_headers(data, filter):
    """Parse the raw headers in `data`; a body after them is not looked at.

    `filter` is the host whose Authentication-Results you trust; without it the topmost header
    counts, which your own mail server added last.
    """
    source = inputs.text(data).lstrip("\ufeff").lstrip("\r\n")
    message = HeaderParser().parsestr(source)
    if not message.keys():
        raise ValueError("data has no e-mail headers: no line such as From: or Received:")
    trusted = inputs.option(filter).lower().rstrip(".")
    sender = _addresses(message, "From")
    hops, total = _hops(message)
    authentication = _authentication(message, trusted)
    answer = {
        "subject": _decoded(message, "Subject"),
        "from": sender,
        "to": _addresses(message, "To") + _addresses(message, "Cc"),
        "reply_to": _addresses(message, "Reply-To"),
        "return_path": next((a["address"] for a in _addresses(message, "Return-Path")), None),
        "message_id": _decoded(message, "Message-ID"),
        "date": _moment(_decoded(message, "Date")),
        "authentication": authentication,
        "hops": hops,
        "total_delay_seconds": total,
    }
    return {**answer, "notes": _notes(answer, message)}


def _decoded(message, name):
    value = message.get(name)
    return None if value is None else _decode(value)


def _decode(value):
    unfolded = " ".join(line.strip() for line in str(value).splitlines()).strip()
    try:
        return inputs.clean(str(make_header(decode_header(unfolded))))
    except (LookupError, MessageError, ValueError):
        return inputs.clean(unfolded)


def _addresses(message, name):
    values = [str(value) for value in message.get_all(name, [])]
    try:
        pairs = getaddresses(values)
    except RecursionError:  # comments within comments within comments
        raise ValueError(f"the {name} header is nested too deeply") from None
    return [
        {"name": _decode(display), "address": address.lower()}
        for display, address in pairs
        if address
    ]


def _moment(text):
    if not text:
        return None
    # A comment behind the offset names the zone for people: "+0200 (CEST)".
    try:
        return dates.iso(dates.parse(_COMMENT.sub("", text))[0])
    except ValueError:
        return None


def _hops(message):
    """The servers in the order of travel, which is the reverse of the headers' order."""
    hops = []
    previous = first = None
    for number, value in enumerate(reversed(message.get_all("Received", [])), 1):
        line = re.sub(r"\s+", " ", str(value)).strip()
        route, _, stamp = line.rpartition(";")
        route = route or line
        origin = _FROM.match(route)
        address = _ADDRESS.search(origin.group()) if origin else None
        fields = {}
        for key, field in _FIELD.findall(_COMMENT.sub("", route)):
            fields.setdefault(key.lower(), field)
        time = _moment(stamp.strip())
        moment = dates.parse(time)[0] if time else None
        delay = (moment - previous).total_seconds() if moment and previous else None
        hops.append(
            {
                "hop": number,
                "from": origin[1] if origin else None,
                "ip": address[1] if address else None,
                "by": fields.get("by"),
                "with": fields.get("with"),
                "for": fields.get("for"),
                "time": time,
                "delay_seconds": delay,
            }
        )
        previous = moment or previous
        first = first or moment
    return hops, (previous - first).total_seconds() if first else None


def _authentication(message, trusted):
    results = {"spf": None, "dkim": None, "dmarc": None, "arc": None, "server": None}
    for value in message.get_all("Authentication-Results", []):
        text = _COMMENT.sub("", re.sub(r"\s+", " ", str(value)))
        server = text.strip().partition(";")[0].strip().partition(" ")[0].lower().rstrip(".")
        if trusted and server != trusted:
            continue
        results["server"] = server
        for method, result in _RESULT.findall(text):
            method = method.lower()
            # One signature that passes is enough; others may belong to mailing lists.
            if results[method] is None or result.lower() == "pass":
                results[method] = result.lower()
        break
    received = message.get("Received-SPF")
    if results["spf"] is None and received and not trusted:
        word = re.match(r"\s*([A-Za-z]+)", str(received))
        results["spf"] = word[1].lower() if word else None
    return results


def _domain(address):
    return address.rpartition("@")[2]


def _aligned(one, other):
    return one == other or one.endswith("." + other) or other.endswith("." + one)


def _notes(answer, message):
    notes = []
    sender = answer["from"]
    if not sender:
        notes.append("there is no From address")
    if len(sender) > 1 or len(message.get_all("From", [])) > 1:
        notes.append("there is more than one From address")
    if sender:
        domain = _domain(sender[0]["address"])
        path = answer["return_path"]
        if path and not _aligned(_domain(path), domain):
            notes.append(f"Return-Path is at {_domain(path)}, From at {domain}")
        for reply in answer["reply_to"]:
            if not _aligned(_domain(reply["address"]), domain):
                notes.append(f"replies go to {reply['address']}")
        shown = re.search(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})", sender[0]["name"])
        if shown and shown[1].lower() != domain:
            notes.append(f"the display name shows {shown[0]}, the address is {sender[0]['address']}")
    for method in ("spf", "dkim", "dmarc"):
        result = answer["authentication"][method]
        if result not in (None, "pass"):
            notes.append(f"{method.upper()} says {result}")
    if answer["authentication"]["dmarc"] is None:
        notes.append("no DMARC result")
    for hop in answer["hops"]:
        delay = hop["delay_seconds"] or 0
        if delay < -60:
            notes.append(f"hop {hop['hop']} is dated before the one ahead of it: a wrong clock or a forged header")
        elif delay > 3600:
            notes.append(f"hop {hop['hop']} took {int(delay)} seconds")
    return notes
