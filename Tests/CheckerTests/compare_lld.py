#!/usr/bin/python3
"""Prints how the checker, the LLD's five regular expressions and bandit do on the adversarial corpus.

    compare_lld.py [PATH OF BANDIT]
"""

import json
import re
import subprocess
import sys

sys.dont_write_bytecode = True

from conftest import Checker, corpus  # noqa: E402

# The LLD, "Code Validation Rules".
PATTERNS = {
    "NoImportOS": r"import\s+os|from\s+os\s+import",
    "NoSubprocess": r"import\s+subprocess|from\s+subprocess\s+import",
    "NoFileSystem": r"open\s*\(|file\s*\(",
    "NoNetwork": r"socket\.|urllib\.|requests\.",
    "NoExec": r"exec\s*\(|eval\s*\(",
}


# What bandit's tests (1.7 to 1.9) say in terms of the rules; what is not here is no question of these rules.
BANDIT = {
    "NoImportOS": "B103 B605 B606 B607",
    "NoSubprocess": "B404 B602 B603 B604",
    "NoExec": "B102 B301 B302 B307 B403 B506",
    "NoFileSystem": "B108 B202 B306 B325",
    "NoNetwork": """B104 B113 B309 B310 B312 B321 B323 B401 B402 B411 B412 B501 B502 B503 B504 B507 B508 B509
        B601""",
}


def judge_by_bandit(program, paths):
    """The rules that bandit finds, by path."""
    answer = subprocess.run(
        [program, "-q", "-f", "json", "--exit-zero", *map(str, paths)], capture_output=True, text=True, check=True)
    rules = {test: rule for rule, tests in BANDIT.items() for test in tests.split()}
    found = {str(path): set() for path in paths}
    for result in json.loads(answer.stdout)["results"]:
        if result["test_id"] in rules:
            found[result["filename"]].add(rules[result["test_id"]])
    return found


def scores(verdicts):
    """(recall, precision) over all rules, as shares."""
    expected = sum(len(pair[0]) for pair in verdicts)
    found = sum(len(pair[1]) for pair in verdicts)
    right = sum(len(pair[0] & pair[1]) for pair in verdicts)
    return right / expected, right / found


def judge_by_patterns(text):
    """The rules that the LLD's patterns find in a file."""
    return {rule for rule, pattern in PATTERNS.items() if re.search(pattern, text)}


def table(name, verdicts):
    """Prints recall and precision by rule, and by file: exactly the expected rules or not."""
    print(f"{name:<14}{'expected':>9}{'found':>7}{'right':>7}{'recall':>8}{'precision':>11}")
    total = [0, 0, 0]
    for rule in PATTERNS:
        counts = [sum(rule in expected for expected, _ in verdicts), sum(rule in found for _, found in verdicts),
                  sum(rule in expected and rule in found for expected, found in verdicts)]
        total = [sum(pair) for pair in zip(total, counts)]
        print_row("  " + rule, *counts)
    print_row("  all rules", *total)
    evasions = [pair for pair in verdicts if pair[0]]
    lookalikes = [pair for pair in verdicts if not pair[0]]
    print(f"  evasions not caught at all: {sum(not found for _, found in evasions)} of {len(evasions)}; "
          f"look-alikes caught: {sum(bool(found) for _, found in lookalikes)} of {len(lookalikes)}; "
          f"files judged exactly: {sum(e == f for e, f in verdicts)} of {len(verdicts)}\n")


def print_row(name, expected, found, right):
    """Prints one row of the table."""
    recall = f"{right / expected:.1%}" if expected else "-"
    precision = f"{right / found:.1%}" if found else "-"
    print(f"{name:<14}{expected:>9}{found:>7}{right:>7}{recall:>8}{precision:>11}")


def verdicts(bandit=None):
    """(expected, found) of every file, by whoever judged it; bandit's only with its program."""
    checker = Checker()
    ours, theirs = [], []
    found = judge_by_bandit(bandit, [path for _, path, _ in corpus()]) if bandit else {}
    for _, path, expected in corpus():
        # The first line says what is expected, and is no part of the question.
        source = path.read_bytes().partition(b"\n")[2]
        ours.append((expected, {finding[2] for finding in checker.ask(source, f"utils/{path.name}")[0]}))
        theirs.append((expected, judge_by_patterns(source.decode())))
    checker.close()
    judged = {"checker": ours, "LLD patterns": theirs}
    if bandit:
        judged["bandit"] = [(expected, found[str(path)]) for _, path, expected in corpus()]
    return judged


def main():
    """Prints the tables; exits with 1 unless the checker is right about every file."""
    judged = verdicts(sys.argv[1] if len(sys.argv) > 1 else None)
    for name, pairs in judged.items():
        table(name, pairs)
    return 0 if all(expected == found for expected, found in judged["checker"]) else 1


if __name__ == "__main__":
    sys.exit(main())
