"""Syntax, encoding, the entry function, columns, and the modules of `lib`."""

import pytest
from conftest import CLEAN


def rules(checker, source, path="utils/f.py", kind=0):
    return [finding[:3] for finding in checker.ask(source, path, kind)[0]]


SYNTAX = [
    ("def f(data, filter:\n", 1, 6),
    ("x = (\n", 1, 5),
    ("x = 'a\n", 1, 5),
    ("return 1\n", 1, 1),
    ("class A:\n    return 1\n", 2, 5),
    ("nonlocal x\n", 1, 1),
    ("def g():\n    nonlocal x\n", 2, 5),
    ("def g(a, a):\n    pass\n", 1, 10),
    ("x = 1\nbreak\n", 2, 1),
    ("def g():\n    x = 1\n    global x\n", 3, 5),
    ("yield 1\n", 1, 1),
    ("await g()\n", 1, 1),
    ("x = 1\nfrom __future__ import annotations\n", 2, 1),
    ("from __future__ import braces\n", 1, 1),
    ("def g():\n    from os import *\n", 2, 20),
    ("g(a=1, a=2)\n", 1, 8),
    ("if x:\nx = 1\n", 2, 1),
    ("if x:\n    a\n  b\n", 3, 4),
    ("print 'x'\n", 1, 1),
    ("é = 'é' + + )\n", 1, 13),
    ("é = 'é'; return é\n", 1, 10),
    ("x = 1\n\0", 2, 1),
]


@pytest.mark.parametrize("source, line, column", SYNTAX, ids=[repr(s) for s, _, _ in SYNTAX])
def test_syntax(checker, source, line, column):
    findings, _ = checker.ask(source)
    assert [(finding[0], finding[2], finding[3]) for finding in findings] == [(line, "PythonSyntax", "HIGH")]
    assert findings[0][1] == column
    assert findings[0][4]


ENCODING = [
    (b"x = '\xe9'\n", 1, 6), ("# é\nx = 'é".encode() + b"\xff'\n", 2, 7), (b"# coding: latin-1\n", 1, 3),
    (b"#!/usr/bin/python\n# -*- coding: utf-7 -*-\n", 2, 7), (b"#" + b"x" * 5000 + b"coding=rot13\n", 1, 5002),
    (b"\r# vim: set fileencoding=cp1252 :\r", 2, 18), (b"# coding: utf-8 coding: utf-7\n", 1, 17),
    (b"\xed\xa0\x80", 1, 1),
]


@pytest.mark.parametrize("source, line, column", ENCODING, ids=[repr(s)[:40] for s, _, _ in ENCODING])
def test_encoding(checker, source, line, column):
    assert rules(checker, source + CLEAN.encode()) == [(line, column, "FileEncoding")]


@pytest.mark.parametrize("head", [
    b"", b"\xef\xbb\xbf", b"# coding: utf-8\n", b"# -*- coding: UTF8 -*-\n", b"\xef\xbb\xbf# coding=utf_8\n",
    b"\n\n# coding: latin-1\n", b"x = 'coding: latin-1'\n", "# é coding\n".encode()])
def test_accepted_encodings(checker, head):
    assert rules(checker, head + CLEAN.encode()) == []
    assert rules(checker, (head + CLEAN.encode()).replace(b"\n", b"\r\n")) == []


ACCEPTED = [
    "def f(data, filter): return 1", "def f(a, b, c=1, *d, e=2, **g): return 1", "def f(*args): return 1",
    "def f(data, *rest): return 1", "def f(a=1, b=2): return 1", "def f(a, b, /): return 1",
    "@cached\ndef f(data, filter): return 1", "try:\n    def f(a, b): return 1\nfinally:\n    pass",
    "with x:\n    def f(a, b): return 1", "if x:\n    def f(a, b): return 1\nelse:\n    def f(c, d): return 2",
    "if x:\n    def f(a, b): return 1\nelif y:\n    def f(c, d): return 2\nelse:\n    def f(a, b): return 3",
    "def f(a): return 1\ndef f(a, b): return 2", "def f(a, b):\n    def g():\n        yield 1\n    return 1",
    "def f(a, b): return [(yield_) for yield_ in a]", "def f(a, b): return 1\nf = cached(f)",
    "f = None\ndef f(a, b): return 1", "def f(a, b):\n    return f(a, b)\nx = f.x",
    "def f(a, b):\n    return (lambda: (yield))",
]


@pytest.mark.parametrize("source", ACCEPTED)
def test_entry_accepted(checker, source):
    assert rules(checker, source) == []


REFUSED = [
    ("x = 1", 0, "FunctionMissing", "No top-level function `f`"),
    ("def g(a, b): return 1", 1, "FunctionMissing", "did you mean `f` instead of `g`"),
    ("def F(a, b): return 1\ndef g(): return 1", 1, "FunctionMissing", "the case differs"),
    ("def g(a, b): return 1\ndef h(a, b): return 2", 0, "FunctionMissing", "write `def f(data, filter):`"),
    ("def _g(): return 1\ndef h(a, b): return 2", 2, "FunctionMissing", "instead of `h`"),
    ("class f:\n    pass", 1, "FunctionMissing", "is a class"),
    ("f = lambda a, b: 1", 1, "FunctionMissing", "not defined by a `def`"),
    ("from lib.x import f", 1, "FunctionMissing", "not defined by a `def`"),
    ("class A:\n    def f(self, a): return 1", 2, "FunctionMissing", "inside the class `A`"),
    ("def g():\n    def f(a, b): return 1", 2, "FunctionMissing", "inside the function `g`"),
    ("if x:\n    def f(a, b): return 1", 2, "FunctionMissing", "under a condition"),
    ("try:\n    pass\nexcept E:\n    def f(a, b): return 1", 4, "FunctionMissing", "under a condition"),
    ("for x in y:\n    def f(a, b): return 1", 2, "FunctionMissing", "under a condition"),
    ("def f(a, b): return 1\nf = 5", 2, "FunctionMissing", "is replaced on line 2"),
    ("def f(a, b): return 1\ndel f", 2, "FunctionMissing", "is deleted on line 2"),
    ("def f(a, b): return 1\nclass f: pass", 2, "FunctionMissing", "is replaced"),
    ("def f(a, b): return 1\nimport json as f", 2, "FunctionMissing", "is replaced"),
    ("async def f(a, b): return 1", 1, "FunctionSignature", "asynchronous"),
    ("def f(a, b): return 1\nasync def f(a, b): return 1", 2, "FunctionSignature", "asynchronous"),
    ("def f(): return 1", 1, "FunctionSignature", "takes no argument"),
    ("def f(data): return 1", 1, "FunctionSignature", "takes one argument"),
    ("def f(data, **options): return 1", 1, "FunctionSignature", "takes one argument"),
    ("def f(a, b, c): return 1", 1, "FunctionSignature", "requires 3 arguments"),
    ("def f(a, b, *, c): return 1", 1, "FunctionSignature", "requires the keyword `c`"),
    ("def f(a, b):\n    yield 1", 1, "FunctionSignature", "is a generator"),
    ("def f(a, b):\n    return (yield from a)", 1, "FunctionSignature", "is a generator"),
    ("def f(a, b): return 1\ndef f(a): return 2", 2, "FunctionSignature", "takes one argument"),
    ("é = 1; f = 2", 1, "FunctionMissing", "not defined by a `def`"),
]


@pytest.mark.parametrize("source, line, rule, text", REFUSED, ids=[s for s, _, _, _ in REFUSED])
def test_entry_refused(checker, source, line, rule, text):
    (finding,) = checker.ask(source)[0]
    assert (finding[0], finding[2], finding[3]) == (line, rule, "HIGH")
    assert text in finding[4] + finding[5]
    assert (finding[1] == 0) == (line == 0)


def test_shared_modules_need_no_entry(checker):
    assert rules(checker, "x = 1", "lib/x.py", 1) == []
    assert rules(checker, "import os", "lib/x.py", 1) == [(1, 8, "NoImportOS")]
    assert rules(checker, "import logging\ndef tool():\n    return logging", "lib/x.py", 1) == [(3, 12, "NoImportOS")]


def test_all_findings_at_once(checker):
    source = "import os, socket\nopen('x')\ndef g(a): return eval(a)\nasync def f(a, b): exec(a)\n"
    assert rules(checker, source) == [
        (1, 8, "NoImportOS"), (1, 12, "NoNetwork"), (2, 1, "NoFileSystem"), (3, 18, "NoExec"),
        (4, 1, "FunctionSignature"), (4, 20, "NoExec")]


ONCE = [
    ("builtins.open('f')", "NoFileSystem"), ("builtins.eval('1')", "NoExec"),
    ("builtins.compile('1', '', 'eval')", "NoExec"), ("builtins.__import__('socket')", "NoNetwork"),
    ("builtins.__import__('socket').gethostname()", "NoNetwork"),
]


@pytest.mark.parametrize("source, rule", ONCE, ids=[s for s, _ in ONCE])
def test_builtins_are_judged_where_they_are_used(checker, source, rule):
    """The import is no finding of its own beside the attribute that gives it away."""
    assert rules(checker, f"import builtins\nx = {source}\n" + CLEAN) == [(2, 5, rule)]


def test_own_functions_that_fold_come_to_an_end(checker):
    source = "def g(s): return g(s) + g(s)\ndef h(s): return h(s + s)\nx = getattr(data, g('a') + h('b'))\n"
    assert rules(checker, source + CLEAN) == []


def test_columns_count_characters(checker):
    assert rules(checker, "𝐱 = 'ééé'; import os\n" + CLEAN) == [(1, 19, "NoImportOS")]
    assert rules(checker, "\ufeffimport os\n" + CLEAN) == [(1, 8, "NoImportOS")]
    assert rules(checker, "# a\r\nx = 1; import os\r\n" + CLEAN) == [(2, 15, "NoImportOS")]


MODULES = [
    ("from lib.dates import parse", "lib lib.dates lib.dates.parse"),
    ("from lib.dates import (parse as p,\n  format as q,)", "lib lib.dates lib.dates.format lib.dates.parse"),
    ("import lib.a.b as c, json", "lib lib.a lib.a.b"),
    ("import lib", "lib"),
    ("from lib import *", "lib lib.*"),
    ("def g():\n    from lib import a; return a", "lib lib.a"),
    ("if TYPE_CHECKING:\n    from lib.t import T", "lib lib.t lib.t.T"),
    ("x = __import__('lib.a', fromlist=['b'])", "lib lib.a lib.a.b"),
    ("import importlib\nx = importlib.import_module('lib.' + 'a')", "lib lib.a"),
    ("import importlib\nx = importlib.import_module('.a', 'lib.p')", "lib lib.p lib.p.a"),
    ("from ..lib import a", "lib lib.a"),
    ("import library, libs.a", ""),
    ("'from lib import a'", ""),
]


@pytest.mark.parametrize("source, expected", MODULES, ids=[s for s, _ in MODULES])
def test_modules(checker, source, expected):
    assert checker.ask(source + "\n" + CLEAN) == ([], expected.split())


def test_relative_modules(checker):
    source = "from . import a\nfrom .b import c\nfrom ..d import e\nfrom .. import g\n"
    assert checker.ask(source, "lib/net/http/x.py", 1)[1] == sorted(
        "lib lib.net lib.net.http lib.net.http.a lib.net.http.b lib.net.http.b.c lib.net.d lib.net.d.e "
        "lib.net.g".split())
    assert checker.ask("from . import a", "lib/__init__.py", 1)[1] == ["lib", "lib.a"]
