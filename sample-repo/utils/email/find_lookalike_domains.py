"""Domains that pretend to be yours: typing errors, look-alike letters, borrowed names."""

import unicodedata

from lib import indicators, inputs

# Letters and what people read as them. Escaped, because a reviewer must see which is which.
_LOOKALIKES = {
    "a": "@\u0430\u03b1",
    "b": "\u044c",
    "c": "\u0441",
    "d": "\u0501",
    "e": "3\u0435",
    "h": "\u04bb",
    "i": "\u0456\u03b9\u0131",
    "j": "\u0458",
    "k": "\u043a\u03ba",
    "l": "1|\u04cf\u0142",
    "m": "\u043c",
    "n": "\u043f",
    "o": "0\u043e\u03bf\u00f8",
    "p": "\u0440\u03c1",
    "q": "\u051b",
    "r": "\u0433",
    "s": "5$\u0455",
    "t": "\u0442\u03c4",
    "u": "\u03c5",
    "v": "\u03bd",
    "w": "\u051d",
    "x": "\u0445",
    "y": "\u0443",
}
_CONFUSABLE = str.maketrans({sign: letter for letter, signs in _LOOKALIKES.items() for sign in signs})
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def find_lookalike_domains(data, filter):
    """Compare the domains in `data` with the protected ones in `filter`.

    `data` may be any text; URLs and e-mail addresses count with their domain. Protected domains
    and their subdomains are never reported.
    """
    protected = []
    for word in inputs.words(filter, "filter"):
        name = word.lower().strip(".")
        if not indicators.is_domain(name):
            raise ValueError(f"filter: {inputs.quoted(word)} is not a domain")
        protected.append(name)
    text, _ = indicators.refang(inputs.text(data))
    matches, clean = [], []
    for domain in dict.fromkeys(indicators.domains(text)):
        if any(domain == name or domain.endswith("." + name) for name in protected):
            clean.append(domain)
            continue
        found = [hit for name in protected if (hit := _compare(domain, name))]
        if found:
            reason, name = max(found)[1:]
            matches.append({"domain": domain, "imitates": name, "reason": reason})
        else:
            clean.append(domain)
    return {"matches": matches, "clean": clean, "count": len(matches)}


def _compare(domain, name):
    """(weight, reason, name) where `domain` imitates `name`, or None; more weight, more likely."""
    shown = _unicode(domain)
    brand = name.split(".")[0]
    own = _registered(shown, name)
    label = own.split(".")[0]
    if f".{name}." in f".{shown}.":
        return 6, f"{name} is only the beginning of it", name
    if label == brand:
        return 5, "the same name under another top-level domain", name
    if _skeleton(label) == _skeleton(brand):
        return 4, "letters that look alike", name
    if label.replace("-", "") == brand.replace("-", ""):
        return 3, "a hyphen more or less", name
    if len(brand) >= 5 and _distance(_skeleton(label), _skeleton(brand), 2) <= (1 if len(brand) < 8 else 2):
        return 2, "a typing error away", name
    if brand in label.split("-") or (len(brand) >= 5 and brand in label):
        return 1, "the name with words around it", name
    if len(brand) >= 4 and brand in shown.split(".")[:-1]:
        return 1, "the name as a subdomain", name
    return None


def _unicode(domain):
    """The domain as people see it: punycode labels decoded."""
    labels = []
    for label in domain.split("."):
        if label.startswith("xn--"):
            try:
                label = label[4:].encode("ascii").decode("punycode").lower()
            except (UnicodeError, ValueError):
                pass
        labels.append(label)
    return ".".join(labels)


def _registered(domain, name):
    """The part of `domain` that somebody registered, as many labels as `name` has."""
    return ".".join(domain.split(".")[-(name.count(".") + 1) :])


def _skeleton(label):
    """`label` with every letter replaced by the plain one that it looks like."""
    plain = unicodedata.normalize("NFKD", label.lower())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).translate(_CONFUSABLE)
    for pair, letter in _PAIRS:
        plain = plain.replace(pair, letter)
    return plain.replace("i", "l")


def _distance(one, other, limit):
    """Damerau and Levenshtein's distance (neighbours may be swapped), or `limit` + 1 when it is more."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before, last = [], list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        line = [row]
        for column, b in enumerate(other, 1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (a != b))
            if row > 1 and column > 1 and a == other[column - 2] and one[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > limit:
            return limit + 1
        before, last = last, line
    return last[-1]
