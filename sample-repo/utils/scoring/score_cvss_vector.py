"""CVSS 3.0 and 3.1 scores, by the specification's formulas."""

import math

from lib import inputs

# Metric -> value -> weight, in the order of the specification's vector string.
BASE = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
    "UI": {"N": 0.85, "R": 0.62},
    "S": {"U": 0, "C": 1},
    "C": {"H": 0.56, "L": 0.22, "N": 0},
    "I": {"H": 0.56, "L": 0.22, "N": 0},
    "A": {"H": 0.56, "L": 0.22, "N": 0},
}
TEMPORAL = {
    "E": {"X": 1, "H": 1, "F": 0.97, "P": 0.94, "U": 0.91},
    "RL": {"X": 1, "U": 1, "W": 0.97, "T": 0.96, "O": 0.95},
    "RC": {"X": 1, "C": 1, "R": 0.96, "U": 0.92},
}
_REQUIREMENT = {"X": 1, "H": 1.5, "M": 1, "L": 0.5}
ENVIRONMENTAL = {
    "CR": _REQUIREMENT,
    "IR": _REQUIREMENT,
    "AR": _REQUIREMENT,
    **{f"M{name}": {"X": None, **weights} for name, weights in BASE.items()},
}
PRIVILEGES_WHEN_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}
METRICS = {**BASE, **TEMPORAL, **ENVIRONMENTAL}


def score_cvss_vector(data, filter):
    """Score the CVSS vector in `data`.

    `filter` adds temporal or environmental metrics of your own, such as `E:P/RL:O/CR:H`; they win
    over the vector's. `score` is the most specific of the three: environmental, temporal, base.
    """
    words = inputs.words(data)
    if len(words) != 1:
        raise ValueError("data must be one CVSS vector")
    vector = words[0].strip("()").upper()
    prefix, _, rest = vector.partition("/")
    if prefix not in ("CVSS:3.0", "CVSS:3.1"):
        raise ValueError(f"{inputs.quoted(prefix)} is not supported; a vector starts with CVSS:3.0/ or CVSS:3.1/")
    version = prefix[5:]
    metrics = _metrics(rest)
    missing = [name for name in BASE if name not in metrics]
    if missing:
        raise ValueError(f"the vector lacks {', '.join(missing)}")
    option = inputs.option(filter).upper().strip("/")
    if option:
        own = _metrics(option)
        for name in own:
            if name in BASE:
                raise ValueError(f"filter: {name} is a base metric; use M{name} to modify it")
        metrics.update(own)

    impact, exploitability, base = _base(metrics)
    factor = math.prod(TEMPORAL[name][metrics.get(name, "X")] for name in TEMPORAL)
    temporal = _roundup(base * factor)
    environmental = _environmental(metrics, factor, version)
    score = base
    if any(metrics.get(name, "X") != "X" for name in TEMPORAL):
        score = temporal
    if any(metrics.get(name, "X") != "X" for name in ENVIRONMENTAL):
        score = environmental
    return {
        "score": score,
        "severity": _severity(score),
        "base_score": base,
        "temporal_score": temporal,
        "environmental_score": environmental,
        "impact": round(max(impact, 0), 1),
        "exploitability": round(exploitability, 1),
        "version": version,
        "vector": "/".join(
            [prefix, *(f"{name}:{metrics[name]}" for name in METRICS if metrics.get(name, "X") != "X")]
        ),
    }


def _metrics(text):
    metrics = {}
    for part in text.removesuffix("/").split("/"):
        name, sign, value = part.partition(":")
        if not sign or name not in METRICS:
            raise ValueError(f"{inputs.quoted(part)} is not a metric of CVSS 3")
        if value not in METRICS[name]:
            raise ValueError(f"{name} cannot be {inputs.quoted(value)}; it is one of {', '.join(METRICS[name])}")
        if name in metrics:
            raise ValueError(f"{name} is given twice")
        metrics[name] = value
    return metrics




def _privileges(value, changed):
    return (PRIVILEGES_WHEN_CHANGED if changed else BASE["PR"])[value]


def _base(metrics):
    changed = metrics["S"] == "C"
    loss = 1 - math.prod(1 - BASE[name][metrics[name]] for name in "CIA")
    if changed:
        impact = 7.52 * (loss - 0.029) - 3.25 * math.pow(loss - 0.02, 15)
    else:
        impact = 6.42 * loss
    exploitability = (
        8.22
        * BASE["AV"][metrics["AV"]]
        * BASE["AC"][metrics["AC"]]
        * _privileges(metrics["PR"], changed)
        * BASE["UI"][metrics["UI"]]
    )
    if impact <= 0:
        return impact, exploitability, 0.0
    total = impact + exploitability
    return impact, exploitability, _roundup(min(1.08 * total if changed else total, 10))


def _environmental(metrics, factor, version):
    def modified(name):
        value = metrics.get("M" + name, "X")
        return metrics[name] if value == "X" else value

    changed = modified("S") == "C"
    loss = 1 - math.prod(
        1 - _REQUIREMENT[metrics.get(name + "R", "X")] * BASE[name][modified(name)] for name in "CIA"
    )
    loss = min(loss, 0.915)
    if not changed:
        impact = 6.42 * loss
    elif version == "3.1":
        impact = 7.52 * (loss - 0.029) - 3.25 * math.pow(loss * 0.9731 - 0.02, 13)
    else:
        impact = 7.52 * (loss - 0.029) - 3.25 * math.pow(loss - 0.02, 15)
    if impact <= 0:
        return 0.0
    exploitability = (
        8.22
        * BASE["AV"][modified("AV")]
        * BASE["AC"][modified("AC")]
        * _privileges(modified("PR"), changed)
        * BASE["UI"][modified("UI")]
    )
    total = impact + exploitability
    return _roundup(_roundup(min(1.08 * total if changed else total, 10)) * factor)


def _roundup(value):
    """The smallest number with one decimal that is not below `value` (CVSS 3.1, appendix A).

    3.0 means the same; only its wording let floating-point noise lift 4.6 to 4.7.
    """
    number = math.floor(value * 100_000 + 0.5)
    if number % 10_000 == 0:
        return number / 100_000
    return (number // 10_000 + 1) / 10


def _severity(score):
    for limit, name in ((9.0, "Critical"), (7.0, "High"), (4.0, "Medium"), (0.1, "Low")):
        if score >= limit:
            return name
    return "None"
