"""Indicators of compromise in running text: patterns, refanging and defanging."""

import ipaddress
import re
from urllib.parse import urlsplit

from lib.tlds import FILE_ENDINGS, TLDS

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST = rf"(?:(?:_?{_LABEL})\.)+(?:xn--[A-Za-z0-9-]{{2,59}}|[A-Za-z]{{2,24}})"

URL = re.compile(r"\b(?:https?|ftps?|sftp|wss?|ldaps?)://[^\s<>\"'`{}|\\^]+", re.IGNORECASE)
EMAIL = re.compile(rf"(?<![\w.+%-])[A-Za-z0-9_][A-Za-z0-9._%+-]{{0,63}}@({_HOST})(?![\w-])")
DOMAIN = re.compile(rf"(?<![\w@./\\-])(?<!://){_HOST}(?![\w@-])(?!\.\w)")
IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)")
IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{1,4})?(?![\w:])"
)
CVE = re.compile(r"\bCVE-\d{4}-\d{4,19}\b", re.IGNORECASE)
HEX = re.compile(r"(?<!\w)[0-9A-Fa-f]{32,128}(?!\w)")

_REFANG = (
    # hxxp, hXXps, h**p, h__p, htxp and fxp, before a colon that may itself be in brackets
    (re.compile(r"\bh(?:xx|\*\*|__|tx|xt)p(s?)(?=\[?:)", re.IGNORECASE), r"http\1"),
    (re.compile(r"\bfxp(s?)(?=\[?:)", re.IGNORECASE), r"ftp\1"),
    (re.compile(r"\[://\]|\[:\]//|:\[//\]|:\[/\]\[/\]"), "://"),
    (re.compile(r"\[:\]"), ":"),
    # [.] (.) {.} [dot] (dot) {dot}, with a space on both sides or on neither
    (re.compile(r"( )?[\[({](?:\.|dot)[\])}](?(1) )", re.IGNORECASE), "."),
    (re.compile(r"(?<=\w)\[\.(?=\w)|(?<=\w)\.\](?=\w)|(?<=\w)\\\.(?=\w)"), "."),
    (re.compile(r"( )?[\[({](?:@|at)[\])}](?(1) )", re.IGNORECASE), "@"),
    (re.compile(r"(?<=\w)\[/\]"), "/"),
)


def refang(text):
    """`text` with its defanged indicators made real again, and how many places changed."""
    count = 0
    for pattern, replacement in _REFANG:
        text, changed = pattern.subn(replacement, text)
        count += changed
    return text, count


def _trimmed(url):
    """`url` without the sentence's punctuation after it; brackets stay while they pair up."""
    surplus = {")": url.count(")") - url.count("("), "]": url.count("]") - url.count("[")}
    end = len(url)
    while end:
        last = url[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in ".,;:!?*_":
            break
        end -= 1
    return url[:end]


def url_spans(text):
    """(start, URL, host) of every URL that has a host."""
    found = []
    for match in URL.finditer(text):
        url = _trimmed(match.group())
        try:
            host = urlsplit(url).hostname
        except ValueError:
            continue  # a bracket without an IPv6 address in it
        if host:
            found.append((match.start(), url, host))
    return found


def is_domain(name):
    """Whether `name` ends in a real or reserved top-level domain."""
    last = name.rpartition(".")[2].lower()
    return "." in name and len(name) <= 253 and (last in TLDS or last.startswith("xn--"))


def is_ip(name):
    """Whether `name` is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def domain_spans(text):
    """(start, domain) of bare domains: not file names, nor parts of URLs and e-mail addresses."""
    found = []
    for match in DOMAIN.finditer(text):
        name = match.group()
        file_like = name.count(".") == 1 and name.rpartition(".")[2].lower() in FILE_ENDINGS
        if is_domain(name) and not file_like:
            found.append((match.start(), name))
    return found


def ipv4_spans(text):
    """(start, address) of IPv4 addresses."""
    return [(m.start(), m.group()) for m in IPV4.finditer(text) if is_ip(m.group())]


def ipv6_spans(text):
    """(start, address) of IPv6 addresses; not of times, MAC addresses or C++ names."""
    return [
        (m.start(), m.group())
        for m in IPV6.finditer(text)
        if any(c.isdigit() for c in m.group()) and is_ip(m.group())
    ]


def _blanked(text):
    """`text` with URLs and e-mail addresses replaced by spaces, so that offsets stay."""
    parts = []
    position = 0
    for start, url, _ in url_spans(text):
        parts += [text[position:start], " " * len(url)]
        position = start + len(url)
    text = "".join(parts) + text[position:]
    return EMAIL.sub(lambda match: " " * len(match.group()), text)


def urls(text):
    """URLs, scheme and host in lower case."""
    found = []
    for _, url, _ in url_spans(text):
        scheme, _, rest = url.partition("://")
        end = min((rest.find(c) for c in "/?#" if c in rest), default=len(rest))
        user, at, host = rest[:end].rpartition("@")
        found.append(f"{scheme.lower()}://{user}{at}{host.lower()}{rest[end:]}")
    return found


def domains(text):
    """Domains, on their own and those of URLs and e-mail addresses, in lower case."""
    found = [(start, host) for start, _, host in url_spans(text) if is_domain(host)]
    found += [(m.start(), m.group(1)) for m in EMAIL.finditer(text) if is_domain(m.group(1))]
    found += domain_spans(_blanked(text))
    return [name.lower().rstrip(".") for _, name in sorted(found)]


def emails(text):
    """E-mail addresses, the domain in lower case."""
    found = []
    for match in EMAIL.finditer(text):
        user, _, domain = match.group().rpartition("@")
        if is_domain(domain):
            found.append(f"{user}@{domain.lower()}")
    return found


def ipv4(text):
    """IPv4 addresses."""
    return [address for _, address in ipv4_spans(text)]


def ipv6(text):
    """IPv6 addresses, compressed as RFC 5952 says; those in a URL's brackets too."""
    return [str(ipaddress.IPv6Address(address)) for _, address in ipv6_spans(text)]


def cves(text):
    """CVE numbers in upper case."""
    return [match.group().upper() for match in CVE.finditer(text)]


def hashes(text, digits):
    """Hexadecimal digests of so many digits, in lower case."""
    return [m.group().lower() for m in HEX.finditer(text) if len(m.group()) == digits]


def defang(text, keep=()):
    """`text` with its indicators made unclickable, and the indicators; `keep` lists domains left alone."""
    kept = {domain.lower().lstrip(".") for domain in keep}

    def is_kept(host):
        host = host.lower()
        return any(host == domain or host.endswith("." + domain) for domain in kept)

    edits = []  # (start, length, replacement, original)
    for start, url, host in url_spans(text):
        if not is_kept(host):
            edits.append((start, len(url), _defanged_url(url), url))
    for match in EMAIL.finditer(text):
        if is_domain(match.group(1)) and not is_kept(match.group(1)):
            address = match.group()
            edits.append(
                (match.start(), len(address), address.replace("@", "[@]").replace(".", "[.]"), address)
            )
    rest = _blanked(text)
    for start, name in domain_spans(rest):
        if not is_kept(name):
            edits.append((start, len(name), name.replace(".", "[.]"), name))
    for start, address in ipv4_spans(rest):
        edits.append((start, len(address), address.replace(".", "[.]"), address))
    for start, address in ipv6_spans(rest):
        edits.append((start, len(address), address.replace(":", "[:]").replace(".", "[.]"), address))

    parts = []
    position = 0
    changed = []
    for start, length, replacement, original in sorted(edits):
        if start < position:
            continue  # inside one that is done already
        parts += [text[position:start], replacement]
        changed.append(original)
        position = start + length
    return "".join(parts) + text[position:], changed


def _defanged_url(url):
    scheme, _, rest = url.partition("://")
    end = min((rest.find(c) for c in "/?#" if c in rest), default=len(rest))
    schemes = {"http": "hxxp", "https": "hxxps", "ftp": "fxp", "ftps": "fxps"}
    host = rest[:end].replace(".", "[.]").replace("@", "[@]")
    return f"{schemes.get(scheme.lower(), scheme)}://{host}{rest[end:]}"
