# expect: clean
"""Dates."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

def datetime_math(data, filter):
    moment = datetime.fromisoformat(data).astimezone(ZoneInfo("UTC"))
    return (moment + timedelta(days=1)).astimezone(timezone.utc).isoformat()
