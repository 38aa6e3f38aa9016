"""The parts that compute, held against Python's own."""

import json
import random

import pytest

from support import CHECKOUT


@pytest.fixture
def modules(screen):
    return screen("#/token")


def test_a_difference_makes_the_one_of_the_other(modules):
    rng = random.Random(11)
    pairs = []
    for _ in range(300):
        before = [rng.choice("abcdef") for _ in range(rng.randrange(30))]
        after = [line for line in before if rng.random() > 0.2]
        for _ in range(rng.randrange(6)):
            after.insert(rng.randrange(len(after) + 1), rng.choice("abcdefgh"))
        pairs.append((before, after))
    results = modules.call("diff.js", "return a[0].map(([x, y]) => m.diff(x, y))", pairs)
    for (before, after), result in zip(pairs, results):
        runs = result["runs"]
        assert result["isWhole"]
        assert [line for run in runs if run["kind"] != "added" for line in run["lines"]] == before
        assert [line for run in runs if run["kind"] != "removed" for line in run["lines"]] == after
        same = sum(len(run["lines"]) for run in runs if run["kind"] == "same")
        assert same == longest_common(before, after), (before, after)
        left = right = 1
        for run in runs:
            assert (run["before"], run["after"]) == (left, right)
            left += len(run["lines"]) * (run["kind"] != "added")
            right += len(run["lines"]) * (run["kind"] != "removed")


def longest_common(left, right):
    row = [0] * (len(right) + 1)
    for x in left:
        before = 0
        for index, y in enumerate(right):
            row[index + 1], before = (before + 1 if x == y else max(row[index + 1], row[index])), row[index + 1]
    return row[-1]


def test_a_difference_is_bounded(modules):
    result = modules.call("diff.js", """
      const make = (word) => Array.from({ length: 20000 }, (_, n) => `${word} ${n}`);
      const { runs, isWhole } = m.diff(["same", ...make("a")], ["same", ...make("b")]);
      return { isWhole, kinds: runs.map((run) => [run.kind, run.lines.length]) };""")  # fmt: skip
    assert result == {"isWhole": False, "kinds": [["same", 1], ["removed", 20000], ["added", 20000]]}


def test_colours_change_no_letter(modules):
    sources = [path.read_text() for path in CHECKOUT.glob("**/*.py") if ".build" not in str(path)][:400]
    assert len(sources) > 100
    wrong = modules.call("python.js", r"""
      return a[0].filter((source) => {
        let state = m.start;
        return source.split("\n").some((line) => {
          const result = m.tokenise(line, state);
          state = result.state;
          return result.tokens.map((token) => token.text).join("") !== line;
        }) || state !== null;
      });""", sources)  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize(
    "source, kinds",
    [
        ("def f(x):", {"def": "keyword", "f": "definition", "x": ""}),
        ("class A(B): pass", {"class": "keyword", "A": "definition", "B": "", "pass": "keyword"}),
        ("# import os", {"# import os": "comment"}),
        ("x = len(y) + 0xFF_0 - 1.5e-3j", {"len": "builtin", "0xFF_0": "number", "1.5e-3j": "number"}),
        ("a.len(b)", {"len": ""}),
        ("@cached(1)", {"@": "decorator", "cached": "decorator"}),
        ("match point:", {"match": "keyword"}),
        ("match = 1", {"match": ""}),
        ("'#not' + \"it's\"", {"'": "string", "#not'": "string"}),
        ('r"\\d\\"" + 1', {'\\d\\""': "string", "1": "number"}),
        ('f"a {b} {{c}}"', {"{b}": "place", "a ": "string", ' {{c}}"': "string"}),
        ('"a\\nb"', {"\\n": "escape"}),
        ("self.x = None", {"self": "self", "None": "keyword"}),
    ],
)
def test_colours(modules, source, kinds):
    tokens = modules.call("python.js", "return m.tokenise(a[0], m.start).tokens", source)
    found = {token["text"]: token["kind"] for token in tokens}
    assert {text: found.get(text) for text in kinds} == kinds, tokens


def test_strings_over_lines(modules):
    lines = ['x = """one', "def two", 'three""" + y', "z = 'a \\", "b' + 1", "'open", "def f"]
    tokens = modules.call("python.js", """
      let state = m.start;
      return a[0].map((line) => { const r = m.tokenise(line, state); state = r.state;
        return r.tokens.map((t) => [t.kind, t.text]); });""", lines)  # fmt: skip
    assert tokens[1] == [["string", "def two"]]
    assert tokens[2][0] == ["string", 'three"""']
    assert tokens[4][0] == ["string", "b'"]
    assert ["keyword", "def"] in tokens[6]


def test_colouring_takes_linear_time(modules):
    seconds = modules.call("python.js", r"""
      const lines = ["(".repeat(200000), "'\\".repeat(100000), "f'{".repeat(70000), "{".repeat(200000),
        "1_".repeat(100000), "f'" + "{".repeat(200000)];
      const begin = performance.now();
      for (const line of lines) m.tokenise(line, m.start);
      return (performance.now() - begin) / 1000;""")  # fmt: skip
    # A square of 200,000 would take minutes.
    assert seconds < 10


def test_events_in_any_pieces(modules):
    text = (
        "\ufeffignored: x\n\n: comment\nevent: sync\ndata: one\ndata: two\nid: 1\n\n"
        "data:  spaced\r\n\r\ndata\r\rid: 2\n\nretry: 20\nretry: x\nid: bad\0id\ndata: ü\n\ndata: unfinished"
    )
    whole = modules.call("event-stream.js", """
      const bytes = new TextEncoder().encode(a[0]);
      const read = (sizes) => {
        const events = [], retries = [];
        const parser = new m.EventStreamParser({
          onEvent: (event) => events.push(event), onRetry: (ms) => retries.push(ms) });
        for (let at = 0; at < bytes.length; at += sizes) parser.push(bytes.slice(at, at + sizes));
        return JSON.stringify([events, retries, parser.lastID]);
      };
      return [1, 2, 3, 7, 1000].map(read);""", text)  # fmt: skip
    assert len(set(whole)) == 1
    events, retries, last = json.loads(whole[0])
    assert [(one["type"], one["data"], one["id"]) for one in events] == [
        ("sync", "one\ntwo", "1"), ("message", " spaced", "1"), ("message", "", "1"), ("message", "ü", "2"),
    ]  # fmt: skip
    assert retries == [20] and last == "2"


def test_addresses_go_there_and_back(modules):
    found = modules.call("route.js", """
      return [m.parse(m.tenantHash("a b/c", "findings", { q: "x&y=1", none: "" })),
        m.parse(m.utilityHash("t", 7, "history", { from: "1" })), m.parse(m.commitHash("abc", "t")),
        m.parse(""), m.parse("#/"), m.parse("#/x/y")];""")  # fmt: skip
    assert found[0] == {"name": "tenant", "tenant": "a b/c", "section": "findings", "query": {"q": "x&y=1"}}
    assert found[1] == {"name": "utility", "tenant": "t", "id": "7", "section": "history", "query": {"from": "1"}}
    assert found[2] == {"name": "commit", "sha": "abc", "query": {"tenant": "t"}}
    assert [one["name"] for one in found[3:]] == ["tenants", "tenants", "unknown"]


def test_the_dom_takes_no_code(modules):
    refused = modules.call("dom.js", """
      const attempts = [
        ["a", { href: "javascript:alert(1)" }], ["a", { href: "//elsewhere" }], ["a", { href: "data:text/html,x" }],
        ["div", { onclick: "alert(1)" }], ["div", { innerHTML: "<b>" }], ["iframe", { srcdoc: "<b>" }],
        ["img", { src: "x" }], ["div", { style: "color: red" }], ["form", { action: "x" }],
      ];
      return attempts.map(([tag, props]) => {
        try { m.build(m.h(tag, props)); return "let through"; } catch (error) { return error.name; }
      });""")  # fmt: skip
    assert set(refused) == {"TypeError"}


def test_drawing_keeps_what_stays(modules):
    kept = modules.call("dom.js", """
      const box = document.createElement("div");
      document.body.append(box);
      const item = (key) => m.h("input", { key, id: `x-${key}`, "aria-label": key });
      m.render(box, [1, 2, 3].map(item));
      const third = box.children[2];
      third.focus();
      m.render(box, [3, 4, 1].map(item));
      const same = box.children[0] === third && document.activeElement === third;
      const order = [...box.children].map((e) => e.id).join();
      m.render(box, []);
      const isEmpty = box.childNodes.length === 0;
      box.remove();
      return [same, order, isEmpty];""")  # fmt: skip
    assert kept == [True, "x-3,x-4,x-1", True]
