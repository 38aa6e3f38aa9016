"""The files as the agent sends them."""

import re

import pytest

from support import CHECKOUT

FOLDER = CHECKOUT / "Sources/CatalogAPI/Console"
FILES = sorted(path.name for path in FOLDER.iterdir())
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def paths():
    return ["/"] + [f"/console/{name}" for name in FILES]


@pytest.mark.parametrize("path", paths())
def test_each_file_is_sent_as_it_is(world, path):
    name = "index.html" if path == "/" else path.split("/")[-1]
    answer = world.http(path)
    assert answer.status == 200
    assert answer.body == (FOLDER / name).read_bytes()
    assert answer.headers["Content-Type"].split(";")[0] == TYPES[name.split(".")[-1]]
    assert POLICY in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-cache"
    tag = answer.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    again = world.http(path, headers={"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == tag
    head = world.http(path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(answer.body))


def test_other_methods_and_other_names(world):
    for path in ("/", "/console/app.js"):
        refused = world.http(path, method="POST")
        assert refused.status == 405 and refused.headers["Allow"] == "GET, HEAD"
    for path in ("/console/", "/console/none.js", "/console/..%2fRoute.swift", "/console/a/b", "/index.html"):
        assert world.http(path).status == 404, path


def test_nothing_is_fetched_from_elsewhere():
    for path in FOLDER.iterdir():
        text = path.read_text()
        found = set(re.findall(r"https?://[^\s\"'`<>)]+", text))
        # The names of a namespace and of an example are no addresses.
        assert found <= {"http://www.w3.org/2000/svg", "http://host:port/name", "http://host:port/healthz"}
        assert "innerHTML" not in text and "eval(" not in text, path
        if path.suffix == ".html":
            assert not re.search(r"<style|\son\w+=|\sstyle=|<script>", text)
        for target in re.findall(r'from "\./([^"]+)"', text):
            assert (FOLDER / target).exists(), (path.name, target)


def test_modules_are_asked_for_at_once():
    page = (FOLDER / "index.html").read_text()
    preloaded = set(re.findall(r'modulepreload" href="/console/([^"]+)"', page))
    assert preloaded == {name for name in FILES if name.endswith(".js")} - {"app.js", "theme.js"}


def test_lines_are_short():
    for path in FOLDER.iterdir():
        if path.suffix != ".svg":
            assert max(map(len, path.read_text().splitlines())) <= 100, path.name
