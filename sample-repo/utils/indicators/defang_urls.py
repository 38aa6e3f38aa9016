"""Indicators made safe to paste into tickets, mails and chat."""

from lib import indicators, inputs


def defang_urls(data, filter):
    """Defang URLs, domains, IP and e-mail addresses in `data`.

    `filter` lists domains to leave clickable, your own for example; their subdomains stay too.
    What is defanged already stays as it is.
    """
    keep = inputs.words(filter, "filter") if inputs.option(filter) else []
    for domain in keep:
        if not indicators.is_domain(domain.lstrip(".")):
            raise ValueError(f"filter: {inputs.quoted(domain)} is not a domain")
    text, changed = indicators.defang(inputs.text(data), keep)
    return {"text": text, "defanged": list(dict.fromkeys(changed)), "count": len(changed)}
