"""JSON Web Tokens made readable; signatures are not verified."""

import base64
import binascii
import re

from lib import dates, inputs

_TIMES = {"iat": "issued_at", "nbf": "not_before", "exp": "expires_at"}


def decode_jwt(data, filter):
    """Decode the token in `data` (a `Bearer ` prefix is fine).

    `filter` is the moment to judge its validity at, in any usual time format; without it the
    answer's `state` is `unknown`, so that the same call always gets the same answer.
    """
    token = re.sub(r"^(?:authorization:\s*)?bearer\s", "", inputs.text(data).strip(), flags=re.IGNORECASE)
    parts = "".join(token.split()).split(".")
    if len(parts) not in (3, 5):
        raise ValueError(f"a JWT has 3 parts (5 if encrypted) with dots between them; data has {len(parts)}")
    header = _json_part(parts[0], "header")
    encrypted = len(parts) == 5
    claims = None if encrypted else _json_part(parts[1], "payload")
    signature = _bytes_part(parts[-1], "signature")
    option = inputs.option(filter)
    moment = dates.parse(option)[0] if option else None

    times, notes = {}, []
    for claim, name in _TIMES.items():
        value = (claims or {}).get(claim)
        times[name] = None
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            notes.append(f"{claim} is not a number")
            continue
        try:
            times[name] = dates.iso(dates.from_epoch(value))
        except ValueError as error:
            notes.append(f"{claim}: {error}")
    notes += _notes(header, claims, signature, encrypted, times)
    return {
        "header": header,
        "claims": claims,
        "algorithm": header.get("alg"),
        "encrypted": encrypted,
        "signature_bytes": len(signature),
        **times,
        "state": _state(times, moment),
        "notes": notes,
    }


def _bytes_part(part, name):
    if not re.fullmatch(r"[A-Za-z0-9_-]*={0,2}", part):
        raise ValueError(f"the token's {name} is not base64url")
    part = part.rstrip("=")
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise ValueError(f"the token's {name} is not base64url") from None


def _json_part(part, name):
    try:
        source = _bytes_part(part, name).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"the token's {name} is not UTF-8") from None
    value = inputs.parse_json(source, f"the token's {name}")
    if not isinstance(value, dict):
        raise ValueError(f"the token's {name} is not a JSON object")
    return value


def _state(times, moment):
    if moment is None:
        return "unknown"
    if times["expires_at"] and moment >= dates.parse(times["expires_at"])[0]:
        return "expired"
    if times["not_before"] and moment < dates.parse(times["not_before"])[0]:
        return "not yet valid"
    return "valid"


def _notes(header, claims, signature, encrypted, times):
    notes = []
    algorithm = str(header.get("alg", "")).lower()
    if algorithm in ("", "none"):
        notes.append("the token is not signed: anybody can change its claims")
    elif not signature and not encrypted:
        notes.append("the signature was removed")
    if algorithm.startswith("hs"):
        notes.append("signed with a shared secret: whoever verifies it can also issue it")
    for name in ("jku", "x5u"):
        if name in header:
            notes.append(f"the header says where to fetch the key ({name}): {str(header[name])[:200]}")
    if "jwk" in header:
        notes.append("the header brings its own key (jwk)")
    if re.search(r"[/\\'\";|]|\.\.", str(header.get("kid", ""))):
        notes.append("kid holds characters of a path or a query")
    if claims is not None:
        if "exp" not in claims:
            notes.append("it never expires: there is no exp")
        issued, expires = times["issued_at"], times["expires_at"]
        if issued and expires:
            span = (dates.parse(expires)[0] - dates.parse(issued)[0]).total_seconds()
            if span < 0:
                notes.append("it expires before it was issued")
            elif span > 30 * 86400:
                notes.append(f"it lives for {int(span // 86400)} days")
    return notes
