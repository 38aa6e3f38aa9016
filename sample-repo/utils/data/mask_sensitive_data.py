"""Secrets and personal data taken out of text before it leaves the team."""

import re

from lib import indicators, inputs

_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)", re.ASCII)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.ASCII)


def mask_sensitive_data(data, filter):
    """Mask card numbers, IBANs, keys, tokens, passwords and e-mail addresses in `data`.

    `filter` lists kinds to leave as they are, such as `emails, ibans`.
    """
    kinds = {
        "private_keys": _replacing(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,20000}?-----END [A-Z ]{0,30}PRIVATE KEY-----"
        ),
        "jwts": _replacing(r"\beyJ[\w-]{8,}\.eyJ[\w-]{2,}\.[\w-]*"),
        "aws_keys": _replacing(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
        "github_tokens": _replacing(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255})\b"),
        "slack_tokens": _replacing(r"\bxox[abprs]-[A-Za-z0-9-]{10,250}"),
        "passwords": _replacing(
            r"(?i)(\b(?:password|passwd|pwd|secret|api[_-]?key|token)[\"']?\s{0,5}[=:]\s{0,5}[\"']?)"
            r"(?!\[)[^\s\"',;&\[]{3,200}"
        ),
        "cards": _checked(_CARD, _is_card),
        "ibans": _checked(_IBAN, _is_iban),
        "emails": _checked(indicators.EMAIL, _is_email),
    }
    option = inputs.option(filter).lower()
    keep = inputs.words(option, "filter") if option else []
    for kind in keep:
        if kind not in kinds:
            raise ValueError(f"filter: unknown kind {inputs.quoted(kind)}; known are {', '.join(kinds)}")
    text = inputs.text(data)
    counts = {}
    for kind, mask in kinds.items():
        if kind not in keep:
            text, counts[kind] = mask(text, f"[{kind.removesuffix('s')}]")
    counts = {kind: count for kind, count in counts.items() if count}
    return {"text": text, "counts": counts, "masked": sum(counts.values())}


def _replacing(pattern):
    """Masks every match, but for its first group."""
    expression = re.compile(pattern)

    def mask(text, label):
        return expression.subn(lambda m: (m[1] if expression.groups else "") + label, text)

    return mask


def _checked(expression, is_real):
    """Masks the matches that pass a check, so that order numbers and the like stay."""

    def mask(text, label):
        count = 0

        def replaced(match):
            nonlocal count
            if not is_real(match.group()):
                return match.group()
            count += 1
            return label

        return expression.sub(replaced, text), count

    return mask


def _is_email(text):
    return indicators.is_domain(text.rpartition("@")[2])


def _is_card(text):
    """Luhn's check, and not one digit again and again."""
    digits = [int(c) for c in text if c.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(text):
    """ISO 13616: the rearranged number leaves 1 when divided by 97."""
    compact = text.replace(" ", "")
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1
