"""Defanged indicators made usable again, for block lists and look-ups."""

from lib import indicators, inputs


def refang_text(data, filter):
    """Undo the usual ways of defanging in `data`: hxxp, [.], (dot), [at], [://] and the like.

    `filter` may be `urls`, `domains`, `ipv4`, `ipv6` or `emails`: `matches` then lists only those.
    """
    finders = {
        "urls": indicators.urls,
        "domains": indicators.domains,
        "ipv4": indicators.ipv4,
        "ipv6": indicators.ipv6,
        "emails": indicators.emails,
    }
    kind = inputs.option(filter).lower()
    if kind and kind not in finders:
        raise ValueError(f"filter: unknown kind {inputs.quoted(kind)}; known are {', '.join(finders)}")
    text, count = indicators.refang(inputs.text(data))
    chosen = [finders[kind]] if kind else finders.values()
    matches = [match for find in chosen for match in find(text)]
    return {"text": text, "count": count, "matches": list(dict.fromkeys(matches))}
