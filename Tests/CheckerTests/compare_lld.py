#!/usr/bin/python3
"""Prints how the checker and the LLD's five regular expressions do on the adversarial corpus."""

import re
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


def main():
    """Judges every file twice; exits with 1 unless the checker is right about all."""
    checker = Checker()
    ours, theirs = [], []
    for _, path, expected in corpus():
        # The first line says what is expected, and is no part of the question.
        source = path.read_bytes().partition(b"\n")[2]
        ours.append((expected, {finding[2] for finding in checker.ask(source, f"utils/{path.name}")[0]}))
        theirs.append((expected, judge_by_patterns(source.decode())))
    checker.close()
    table("checker", ours)
    table("LLD patterns", theirs)
    return 0 if all(expected == found for expected, found in ours) else 1


if __name__ == "__main__":
    sys.exit(main())
