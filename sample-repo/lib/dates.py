"""Points in time as logs, mails and APIs write them."""

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_tz

from lib.inputs import quoted

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MONTHS = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
}
_TIME = r"(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?"
_OFFSET = r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})"
_NUMBER = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,9})?")
_APACHE = re.compile(rf"\[?(\d{{1,2}})/([A-Za-z]{{3}})/(\d{{4}}):{_TIME}(?:\s+{_OFFSET})?\]?")
_ASCTIME = re.compile(
    rf"\[?[A-Za-z]{{3}}\s+([A-Za-z]{{3}})\s+(\d{{1,2}})\s+{_TIME}(?:\s+([A-Z]{{3,4}}))?\s+(\d{{4}})\]?"
)
_SYSLOG = re.compile(rf"([A-Za-z]{{3}})\s+(\d{{1,2}})\s+(?:(\d{{4}})\s+)?{_TIME}")
_SLASHED = re.compile(rf"(\d{{4}})/(\d{{1,2}})/(\d{{1,2}})[ T]{_TIME}(?:\s*{_OFFSET})?")
_ISO_TAIL = re.compile(r"\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$", re.IGNORECASE)
_RFC2822 = re.compile(r"(?:[A-Za-z]{3},?\s+)?\d{1,2}\s+[A-Za-z]{3}\s+\d{2,4}\s+\d{1,2}:\d{2}")


def offset(text):
    """The time zone that `+02:00`, `-0530`, `Z` or `UTC` means."""
    text = text.strip()
    if text.upper() in ("Z", "UTC", "GMT"):
        return timezone.utc
    match = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{2})(?::?(\d{2}))?", text, re.IGNORECASE)
    if not match or int(match[2]) > 14 or int(match[3] or 0) > 59:
        raise ValueError(f"{quoted(text)} is not an offset from UTC such as +02:00")
    span = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-span if match[1] == "-" else span)


def duration(text):
    """The seconds that `90`, `15m`, `2h` or `1d` mean."""
    match = re.fullmatch(r"(\d{1,9})\s*([smhd]?)", text.strip().lower())
    if not match:
        raise ValueError(f"{quoted(text)} is not a duration such as 90s, 15m, 2h or 1d")
    return int(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]


def parse(value, zone=timezone.utc, year=None):
    """The point in time that `value` writes, and the format's name.

    `zone` is for a time without an offset, `year` for syslog's, which have none.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("a timestamp is a string or a number")
    if isinstance(value, float):
        value = format(value, ".6f")
    source = str(value).strip() if isinstance(value, str) else str(value)
    if not source:
        raise ValueError("a timestamp is empty")
    try:
        for reader in (_number, _apache, _asctime, _syslog, _slashed, _rfc2822, _iso):
            found = reader(source, zone, year)
            if found:
                return found[0].astimezone(timezone.utc), found[1]
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{quoted(source)} is not a possible time: {error}") from None
    raise ValueError(f"{quoted(source)} is in no known time format")


def iso(moment):
    """`moment` in UTC as ISO 8601, with as many digits as it needs."""
    utc = moment.astimezone(timezone.utc)
    digits = "seconds" if not utc.microsecond else "microseconds"
    if utc.microsecond and utc.microsecond % 1000 == 0:
        digits = "milliseconds"
    return utc.replace(tzinfo=None).isoformat(timespec=digits) + "Z"


def from_epoch(value):
    """The moment so many seconds after 1970."""
    try:
        return EPOCH + timedelta(seconds=value)
    except (OverflowError, ValueError):
        raise ValueError(f"{str(value)[:40]} seconds are beyond the calendar") from None


def seconds(moment):
    """`moment` in seconds since 1970, an integer where it is whole."""
    span = moment - EPOCH
    whole = span.days * 86400 + span.seconds
    return whole + span.microseconds / 1e6 if span.microseconds else whole


def _number(source, zone, year):
    if not _NUMBER.fullmatch(source):
        return None
    whole, _, fraction = source.partition(".")
    digits = len(whole.lstrip("+-"))
    if digits == 14 and whole.isdigit() and not fraction and 1900 <= int(whole[:4]) < 2200:
        parts = [int(whole[:4]), *(int(whole[i : i + 2]) for i in range(4, 14, 2))]
        return _at(parts[:3], parts[3:], "", zone), "compact"
    if digits == 8 and not fraction and whole.isdigit() and 1900 <= int(whole[:4]) < 2200:
        return _at((int(whole[:4]), int(whole[4:6]), int(whole[6:])), (0, 0, 0), "", zone), "compact"
    if digits == 18 and whole.startswith("1") and not fraction:
        return datetime(1601, 1, 1, tzinfo=timezone.utc) + timedelta(
            microseconds=int(whole) // 10
        ), "windows filetime"
    for limit, unit, name in (
        (11, 1_000_000, "epoch seconds"),
        (14, 1000, "epoch milliseconds"),
        (17, 1, "epoch microseconds"),
    ):
        if digits <= limit:
            part = int((fraction + "000000")[:6]) * unit // 1_000_000 if fraction else 0
            total = abs(int(whole)) * unit + part
            return EPOCH + timedelta(microseconds=-total if whole.startswith("-") else total), name
    if digits > 19 or fraction:
        return None
    return EPOCH + timedelta(microseconds=int(whole) // 1000), "epoch nanoseconds"


def _at(date, time, fraction, zone):
    """The moment; a leap second is the next second's start."""
    hour, minute, second = (int(part) for part in time)
    leap = second == 60
    micro = int((fraction or "").ljust(6, "0")[:6])
    moment = datetime(*(int(part) for part in date), hour, minute, 59 if leap else second, micro, zone)
    return moment + timedelta(seconds=1) if leap else moment


def _month(name):
    try:
        return _MONTHS[name.lower()]
    except KeyError:
        raise ValueError(f"there is no month {quoted(name)}") from None


def _apache(source, zone, _year):
    match = _APACHE.fullmatch(source)
    if not match:
        return None
    day, month, year, hour, minute, second, fraction, tail = match.groups()
    zone = offset(tail) if tail else zone
    return _at((year, _month(month), day), (hour, minute, second), fraction, zone), "apache access log"


def _asctime(source, zone, _year):
    match = _ASCTIME.fullmatch(source)
    if not match:
        return None
    month, day, hour, minute, second, fraction, name, year = match.groups()
    if name:
        if name not in ("UTC", "GMT"):
            raise ValueError(f"the time zone {name} is ambiguous")
        zone = timezone.utc
    return _at((year, _month(month), day), (hour, minute, second), fraction, zone), "apache error log"


def _syslog(source, zone, year):
    match = _SYSLOG.fullmatch(source)
    if not match:
        return None
    month, day, own_year, hour, minute, second, fraction = match.groups()
    year = own_year or year
    if not year:
        raise ValueError("it has no year; give one in the filter")
    return _at((year, _month(month), day), (hour, minute, second), fraction, zone), "syslog"


def _slashed(source, zone, _year):
    match = _SLASHED.fullmatch(source)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, tail = match.groups()
    zone = offset(tail) if tail else zone
    return _at((year, month, day), (hour, minute, second), fraction, zone), "nginx error log"


def _rfc2822(source, zone, _year):
    if not _RFC2822.match(source):
        return None
    parts = parsedate_tz(source)
    if not parts:
        return None
    if parts[9] is not None:
        zone = timezone(timedelta(seconds=parts[9]))
    return _at(parts[:3], parts[3:6], "", zone), "rfc 2822"


def _iso(source, zone, _year):
    if not re.match(r"\d{4}-?(?:\d{2}|W)", source, re.ASCII):
        return None
    body = source
    tail = _ISO_TAIL.search(source) if re.search(r"[T ]\d", source) else None
    if tail:
        body = source[: tail.start()]
        zone = offset(tail[1])
    leap = re.search(r"^(.*[T ]\d{2}:?\d{2}:?)60([.,]\d+)?$", body)
    if leap:
        body = leap[1] + "59" + (leap[2] or "")
    try:
        moment = datetime.fromisoformat(body)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return (moment + timedelta(seconds=1) if leap else moment), "iso 8601"
