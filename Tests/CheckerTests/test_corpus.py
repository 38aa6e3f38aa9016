"""The adversarial corpus: every evasion is caught as what it is, no look-alike is."""

import ast

import pytest
from conftest import corpus

FILES = list(corpus())
MESSAGES = {
    "NoImportOS": ("HIGH", "OS module imports are not allowed for security reasons"),
    "NoSubprocess": ("HIGH", "Subprocess module is not allowed"),
    "NoFileSystem": ("MEDIUM", "Direct file operations should be reviewed"),
    "NoNetwork": ("MEDIUM", "Network operations should be reviewed"),
    "NoExec": ("HIGH", "Dynamic code execution is not allowed"),
}


def test_there_are_enough():
    assert sum(folder == "evasions" for folder, _, _ in FILES) >= 100
    assert sum(folder == "lookalikes" for folder, _, _ in FILES) >= 100


@pytest.mark.parametrize("folder, path, expected", FILES, ids=[f"{f}/{p.stem}" for f, p, _ in FILES])
def test_found_is_expected(checker, folder, path, expected):
    source = path.read_bytes()
    findings, modules = checker.ask(source, f"utils/{path.name}")
    assert {finding[2] for finding in findings} == expected
    assert bool(expected) == (folder == "evasions")
    assert modules == []
    assert findings == sorted(findings)
    lines = source.decode().split("\n")
    for line, column, rule, severity, message, hint in findings:
        assert (severity, message) == MESSAGES[rule]
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1])
        assert "`" in hint and "; " in hint or "constant" in hint or "namespace" in hint or "loader" in hint


@pytest.mark.parametrize("path", [p for _, p, _ in FILES], ids=[p.stem for _, p, _ in FILES])
def test_files_are_utilities(path):
    tree = ast.parse(path.read_bytes())
    assert ast.get_docstring(tree), "says what it is about"
    assert any(isinstance(node, ast.FunctionDef) and node.name == path.stem for node in tree.body)
