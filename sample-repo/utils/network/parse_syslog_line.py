"""Syslog lines as fields: RFC 5424 and the older RFC 3164."""

import re
from datetime import timezone

from lib import dates, inputs

FACILITIES = (
    "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock "
    "local0 local1 local2 local3 local4 local5 local6 local7"
).split()
SEVERITIES = "emergency alert critical error warning notice informational debug".split()

_PRIORITY = re.compile(r"<(\d{1,3})>")
_HEADER_5424 = re.compile(r"1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) ?")
_HEADER_3164 = re.compile(
    r"([A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?|\d{4}-\d\d-\d\dT\S{8,32}) (\S+) "
)
_TAG = re.compile(r"([^\s:\[]{1,64})(?:\[([^\]\s]{1,64})\])?: ?")
_PARAMETER = re.compile(r' ([^\s="\]]{1,32})="((?:[^"\\\]]|\\.)*)"')


def parse_syslog_line(data, filter):
    """Parse each line of `data`.

    `filter` helps RFC 3164, whose times have neither year nor zone: `year=2026, zone=+02:00`.
    Without a year such a time stays as it was written.
    """
    options = inputs.settings(filter, ("year", "zone"))
    zone = dates.offset(options["zone"]) if "zone" in options else timezone.utc
    year = options.get("year")
    if year is not None and not re.fullmatch(r"[12]\d{3}", year, re.ASCII):
        raise ValueError(f"filter: {inputs.quoted(year)} is not a year")
    records, unparsed = [], []
    for line in inputs.items(data):
        record = _parsed(line, zone, year)
        if record:
            records.append(record)
        else:
            unparsed.append(line)
    return {"records": records, "unparsed": unparsed, "count": len(records)}


def _parsed(line, zone, year):
    record = {"facility": None, "severity": None}
    priority = _PRIORITY.match(line)
    if priority:
        number = int(priority[1])
        if number > 191:
            return None
        record = {"facility": FACILITIES[number >> 3], "severity": SEVERITIES[number & 7]}
        line = line[priority.end() :]
        header = _HEADER_5424.match(line)
        if header:
            return _rfc5424(record, header, line[header.end() :])
    header = _HEADER_3164.match(line)
    return _rfc3164(record, header, line[header.end() :], zone, year) if header else None


def _rfc5424(record, header, rest):
    stamp, host, app, process, message_id = (None if v == "-" else v for v in header.groups())
    structured = {}
    if rest.startswith("-"):
        rest = rest[1:]
    else:
        while element := re.match(r"\[([^\s=\]\"]{1,32})", rest):
            position = element.end()
            values = structured.setdefault(element[1], {})
            while parameter := _PARAMETER.match(rest, position):
                values[parameter[1]] = re.sub(r'\\(["\\\]])', r"\1", parameter[2])
                position = parameter.end()
            if not rest.startswith("]", position):
                return None
            rest = rest[position + 1 :]
    try:
        timestamp = dates.iso(dates.parse(stamp)[0]) if stamp else None
    except ValueError:
        return None
    return {
        "format": "rfc5424",
        **record,
        "timestamp": timestamp,
        "host": host,
        "app": app,
        "pid": process,
        "message_id": message_id,
        "structured_data": structured,
        "message": rest.removeprefix(" ").removeprefix("\ufeff"),
    }


def _rfc3164(record, header, message, zone, year):
    stamp, host = header.groups()
    try:
        timestamp = dates.iso(dates.parse(stamp, zone, year)[0])
    except ValueError:
        timestamp = stamp
    tag = _TAG.match(message)
    return {
        "format": "rfc3164",
        **record,
        "timestamp": timestamp,
        "host": host,
        "app": tag[1] if tag else None,
        "pid": tag[2] if tag else None,
        "message_id": None,
        "structured_data": {},
        "message": message[tag.end() :] if tag else message,
    }
