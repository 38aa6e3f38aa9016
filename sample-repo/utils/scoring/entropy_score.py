"""How random strings look: generated domains, keys, packed names."""

import math
from collections import Counter

from lib import inputs


def entropy_score(data, filter):
    """Shannon entropy of each string in `data`, in bits for each character.

    `filter` is the threshold from which a string counts as suspicious, 3.5 by default. Strings
    shorter than 8 characters are never suspicious: they cannot hold enough to tell.
    """
    option = inputs.option(filter)
    try:
        threshold = float(option) if option else 3.5
    except ValueError:
        raise ValueError(f"filter: {inputs.quoted(option)} is not a number") from None
    if not 0 <= threshold <= 21:
        raise ValueError("filter: the threshold is in bits for each character, 0 to 21")
    scores = []
    for value in dict.fromkeys(inputs.items(data)):
        entropy = _entropy(value)
        scores.append(
            {
                "value": value,
                "length": len(value),
                "entropy": round(entropy, 4),
                "total_bits": round(entropy * len(value), 2),
                "digits_share": round(sum(c.isdigit() for c in value) / len(value), 4),
                "suspicious": len(value) >= 8 and entropy >= threshold,
            }
        )
    scores.sort(key=lambda score: -score["entropy"])
    suspicious = [score["value"] for score in scores if score["suspicious"]]
    return {"scores": scores, "highest": scores[0]["entropy"], "suspicious": suspicious}


def _entropy(value):
    counts = Counter(value).values()
    return abs(math.fsum(-n / len(value) * math.log2(n / len(value)) for n in counts))
