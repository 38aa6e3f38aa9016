"""Which addresses lie in which networks: allow lists, scopes, asset ranges."""

import ipaddress
import re

from lib import inputs


def match_cidr_list(data, filter):
    """Match the addresses in `data` against the networks in `filter`.

    A network is a CIDR (`10.0.0.0/8`), an address, or a range (`10.0.0.1-10.0.0.99`), with a label
    behind `=` if you like (`10.0.0.0/8=office`). The most specific network wins.
    """
    table = _table(inputs.words(filter, "filter"))
    matched, unmatched, invalid = [], [], []
    for word in dict.fromkeys(inputs.words(data)):
        try:
            address = ipaddress.ip_address(word.strip("[]"))
        except ValueError:
            invalid.append(word)
            continue
        networks = _lookup(table, address)
        if not networks:
            unmatched.append(word)
            continue
        network, label = networks[0]
        matched.append(
            {
                "address": word,
                "network": network,
                "label": label,
                "all_networks": [network for network, _ in networks],
            }
        )
    return {
        "matched": matched,
        "unmatched": unmatched,
        "invalid": invalid,
        "all_match": bool(matched) and not unmatched and not invalid,
    }


def _table(entries):
    """{(version, prefix length): {network number: (shown, label)}}, so that a look-up never scans."""
    table = {}
    for entry in entries:
        shown, _, label = entry.partition("=")
        for network in _networks(shown):
            key = (network.version, network.prefixlen)
            numbers = table.setdefault(key, {})
            shift = network.max_prefixlen - network.prefixlen
            numbers.setdefault(int(network.network_address) >> shift, (shown, label))
    return dict(sorted(table.items(), key=lambda item: -item[0][1]))


def _networks(shown):
    try:
        if re.search(r"[^-]-[^-]", shown):
            first, last = (ipaddress.ip_address(end) for end in shown.split("-", 1))
            return list(ipaddress.summarize_address_range(first, last))
        return [ipaddress.ip_network(shown, strict=False)]
    except (TypeError, ValueError) as error:
        reason = str(error)[:100]
        raise ValueError(f"filter: {inputs.quoted(shown)} is not a network: {reason}") from None


def _lookup(table, address):
    """The networks that hold `address`, most specific first; ::ffff:10.0.0.1 is also 10.0.0.1."""
    forms = [address]
    if address.version == 6 and address.ipv4_mapped:
        forms.append(address.ipv4_mapped)
    found = []
    for form in forms:
        for (version, prefix), numbers in table.items():
            if version == form.version:
                hit = numbers.get(int(form) >> (form.max_prefixlen - prefix))
                if hit and hit not in found:
                    found.append(hit)
    return found
