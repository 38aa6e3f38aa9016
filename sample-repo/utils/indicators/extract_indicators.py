"""Indicators of compromise from any text: reports, mails, alerts, chat."""

import re
from functools import partial

from lib import indicators, inputs

# One line for each kind: what the answer calls it, and what finds it in refanged text.
EXTRACTORS = {
    "ipv4": indicators.ipv4,
    "ipv6": indicators.ipv6,
    "domains": indicators.domains,
    "urls": indicators.urls,
    "emails": indicators.emails,
    "md5": partial(indicators.hashes, digits=32),
    "sha1": partial(indicators.hashes, digits=40),
    "sha256": partial(indicators.hashes, digits=64),
    "sha512": partial(indicators.hashes, digits=128),
    "cves": indicators.cves,
}


def extract_indicators(data, filter):
    """Find indicators in `data`, defanged ones too, each once and in order of appearance.

    `filter` narrows the answer to some kinds, such as `ipv4, urls`; empty means all.
    """
    kinds = [kind for kind in re.split(r"[\s,;]+", inputs.option(filter).lower()) if kind]
    for kind in kinds:
        if kind not in EXTRACTORS:
            raise ValueError(f"filter: unknown kind {inputs.quoted(kind)}; known are {', '.join(EXTRACTORS)}")
    text, _ = indicators.refang(inputs.text(data))
    found = {
        kind: list(dict.fromkeys(extract(text)))
        for kind, extract in EXTRACTORS.items()
        if not kinds or kind in kinds
    }
    return {**found, "count": sum(len(values) for values in found.values())}
