"""One alert for each thing that happened, not for each time that a sensor said so."""

import json
from datetime import timezone

from lib import dates, inputs

DEFAULT_FIELDS = ("rule", "signature", "title", "src_ip", "source", "host", "user")
TIME_FIELDS = ("timestamp", "@timestamp", "time", "created_at", "createddate")


def dedupe_alerts(data, filter):
    """Merge alerts that agree in some fields and are close in time.

    `filter`: `fields=rule src_ip, window=15m, zone=+02:00`. Without `fields` the usual ones that
    any alert has are compared, without `window` time plays no part. Dots reach into maps.
    """
    alerts = inputs.records(data)
    options = inputs.settings(filter, ("fields", "window", "zone"))
    window = dates.duration(options["window"]) if "window" in options else None
    zone = dates.offset(options["zone"]) if "zone" in options else timezone.utc
    fields = options.get("fields", "").replace(";", " ").split()
    if not fields:
        fields = [name for name in DEFAULT_FIELDS if any(name in alert for alert in alerts)]
    if not fields:
        raise ValueError("filter: name the fields that tell alerts apart, such as fields=rule src_ip")

    timed = [(_moment(alert, zone), place, alert) for place, alert in enumerate(alerts)]
    if window is not None and not any(moment for moment, _, _ in timed):
        raise ValueError(f"a window needs a time in the alerts ({', '.join(TIME_FIELDS)})")
    timed.sort(key=lambda item: (item[0] is None, item[0] or dates.EPOCH, item[1]))

    groups, latest = [], {}
    for moment, place, alert in timed:
        key = tuple(_canonical(_value(alert, name)) for name in fields)
        group = latest.get(key)
        too_late = (
            group is not None
            and window is not None
            and moment is not None
            and group["last"] is not None
            and (moment - group["last"]).total_seconds() > window
        )
        if group is None or too_late:
            group = {"place": place, "alert": alert, "first": moment, "last": moment, "count": 0}
            groups.append(group)
            latest[key] = group
        group["place"] = min(group["place"], place)
        group["last"] = moment or group["last"]
        group["count"] += 1
    groups.sort(key=lambda group: group["place"])
    return {
        "alerts": [
            {
                "alert": group["alert"],
                "count": group["count"],
                "first_seen": dates.iso(group["first"]) if group["first"] else None,
                "last_seen": dates.iso(group["last"]) if group["last"] else None,
            }
            for group in groups
        ],
        "fields": fields,
        "received": len(alerts),
        "kept": len(groups),
        "dropped": len(alerts) - len(groups),
    }


def _value(alert, name):
    if name in alert:
        return alert[name]
    value = alert
    for step in name.split("."):
        if not isinstance(value, dict) or step not in value:
            return None
        value = value[step]
    return value


def _canonical(value):
    """Upper and lower case, and spaces at the ends, make no other alert."""
    if isinstance(value, str):
        return "s:" + inputs.clean(value).strip().casefold()
    try:
        return "j:" + json.dumps(value, sort_keys=True)
    except RecursionError:
        raise ValueError("an alert is nested too deeply") from None


def _moment(alert, zone):
    for name in TIME_FIELDS:
        value = alert.get(name)
        if value not in (None, ""):
            try:
                return dates.parse(value, zone)[0]
            except ValueError:
                continue
    return None
