"""Times from any log as UTC, so that events from two systems can be put in order."""

from datetime import timezone

from lib import dates, inputs


def normalise_timestamps(data, filter):
    """Convert each timestamp in `data` to ISO 8601 in UTC.

    Understood: epoch seconds to nanoseconds, Windows FILETIME, ISO 8601, RFC 2822, Apache and
    nginx logs, asctime, syslog. `filter`: `zone=+02:00` for times without an offset (UTC by
    default), `year=2026` for syslog times, which have no year.
    """
    options = inputs.settings(filter, ("zone", "year"))
    zone = dates.offset(options["zone"]) if "zone" in options else timezone.utc
    year = options.get("year")
    if year is not None and not (year.isascii() and year.isdigit() and len(year) == 4):
        raise ValueError(f"filter: {inputs.quoted(year)} is not a year")
    results, moments, failed = [], [], 0
    for value in inputs.items(data):
        try:
            moment, form = dates.parse(value, zone, year)
        except ValueError as error:
            failed += 1
            results.append({"input": value, "utc": None, "epoch": None, "format": None, "error": str(error)})
            continue
        moments.append(moment)
        results.append(
            {
                "input": value,
                "utc": dates.iso(moment),
                "epoch": dates.seconds(moment),
                "format": form,
                "error": None,
            }
        )
    return {
        "results": results,
        "earliest": dates.iso(min(moments)) if moments else None,
        "latest": dates.iso(max(moments)) if moments else None,
        "span_seconds": (max(moments) - min(moments)).total_seconds() if moments else None,
        "failed": failed,
    }
