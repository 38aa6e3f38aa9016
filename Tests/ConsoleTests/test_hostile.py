"""What others write is text: not markup, not code, not a way to hide. Every page reports its faults."""

import pytest

from repositories import HOSTILE_CODE, IMAGE, LONG, RTL, SCRIPT
from stage import envelope

MISSING = ["Failed to load resource"]


def number(world, name):
    return world.list("hostile", name=name)["data"][0]["id"]


def untouched(page):
    """Nothing that was sent became an element."""
    made = page.evaluate(
        "[...document.querySelectorAll('main script, main img, main b, main i, main iframe, main [onerror]')]"
        ".map((e) => e.outerHTML)"
    )
    assert made == []


def test_list(screen):
    opened = screen("#/tenants/hostile")
    text = opened.text()
    assert SCRIPT in text and IMAGE in text
    untouched(opened.page)
    assert opened.overflow() <= 0


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("section", ["", "/history", "/findings", "/integrity", "/executions", "/metadata"])
@pytest.mark.parametrize("name", ["hostile_code", "long_words", "odd_texts"])
def test_utility(screen, world, name, section, width):
    path = f"#/tenants/hostile/utilities/{number(world, name)}{section}"
    opened = screen(path, width=width, expected=MISSING)
    untouched(opened.page)
    assert opened.overflow() <= 0


def test_code_is_shown_to_the_letter(screen, world):
    opened = screen(f"#/tenants/hostile/utilities/{number(world, 'hostile_code')}")
    text = opened.text(".code .lines")
    assert f'"""{SCRIPT}</pre></code>"""' in text
    assert "&lt;b&gt; &amp; <b>bold</b>" in text and RTL in text and LONG in text
    # What hides or turns around is shown by its number, and the reader is warned.
    for mark in ("U+202E", "U+2066", "U+200B", "U+0007", "U+2028", "U+FEFF", "U+00AD", "U+E0041"):
        assert mark in text, mark
    assert not any(character in text for character in "\u202e\u2066\u200b\ufeff\u00ad")
    assert "characters that cannot be seen" in opened.text()
    assert HOSTILE_CODE.splitlines()[0] in text


def test_descriptions_show_what_hides(screen, world):
    opened = screen(f"#/tenants/hostile/utilities/{number(world, 'odd_texts')}")
    text = opened.text()
    assert "U+0001" in text and "U+2028" in text and "U+E0041" in text
    assert "{{constructor}} ${alert(1)}" in text
    # Joiners belong to the letters of people: a family stays one.
    assert "\U0001f468\u200d\U0001f469\u200d\U0001f467" in text


def test_messages_and_authors(screen, world):
    opened = screen(f"#/tenants/hostile/utilities/{number(world, 'hostile_code')}/history")
    opened.page.locator(".diff").wait_for()
    assert f"# {SCRIPT}" in opened.page.locator(".diff-line.is-added code").all_inner_texts()[-1]
    assert SCRIPT in opened.text(".revisions")
    untouched(opened.page)


def test_names_that_git_would_refuse(screen, stage, world):
    """The console does not lean on what the agent lets through."""
    entry = world.list("demo")["data"][0]
    names = [SCRIPT, IMAGE, "../../etc/passwd", "javascript:alert(1)", "\ud800", "a\0b", "%00%2f", "__proto__"]
    many = [
        {**entry, "id": 5000 + index, "name": name, "displayname": name, "category": name,
         "quarantine": {"revision": name, "findings": [
             {"path": name, "line": 1, "column": 1, "rule": name, "severity": name, "message": name, "hint": name}]},
         "rest_url": "javascript:alert(1)", "filehash": IMAGE, "status": name, "updateddate": "soon",
         "sync": {**entry["sync"], "author": name, "revision": name, "path": name, "authored_at": None}}
        for index, name in enumerate(names)
    ]  # fmt: skip
    stage.answer(r"/utils/v1/custom-utils/demo/-/.*", envelope(many, len(many)))
    for item in many:
        stage.answer(rf"/utils/v1/custom-utils/demo/{item['id']}.*",
                     envelope({**item, "filecontents_instring": f"# {item['name']}\n"}))  # fmt: skip
    opened = screen("#/tenants/demo", expected=MISSING)
    assert opened.page.locator("tbody tr").count() == len(names)
    untouched(opened.page)
    for item in many:
        for section in ("", "/findings", "/metadata"):
            opened.go(f"#/tenants/demo/utilities/{item['id']}{section}")
            untouched(opened.page)
    hrefs = opened.page.evaluate("[...document.querySelectorAll('a')].map((a) => a.getAttribute('href'))")
    assert all(href.startswith("#") for href in hrefs)


def test_events_that_are_no_events(screen, stage):
    script = stage.events()
    opened = screen("#/tenants/demo")
    script.opened.get(timeout=10)
    for data in ("{", "null", '"text"', f'{{"name": "{SCRIPT}"}}', "[1]"):
        script.send(f"event: utility\ndata: {data}\n\n")
    opened.page.locator("#said", has_text="alert").wait_for(state="attached")
    assert opened.page.locator("#said").inner_text() == f"{SCRIPT} changed"
    untouched(opened.page)


def test_addresses(screen):
    for hash in ("#/tenants/<b>", "#/tenants/%E0%A4%A/utilities/%00", "#/tenants/__proto__/constructor",
                 "#/commits/<script>?tenant=<b>", "#/tenants/demo?q=<b>&sort=constructor&offset=-1&status=x",
                 "#/tenants/demo/utilities/..%2f..%2fsync"):  # fmt: skip
        opened = screen(hash, expected=MISSING)
        untouched(opened.page)
        assert opened.page.get_by_role("heading", level=1).count() == 1


def test_big_file_stays_usable(screen, world):
    opened = screen(f"#/tenants/hostile/utilities/{number(world, 'big_file')}")
    page = opened.page
    assert "60,004 lines" in opened.text(".code-head")
    assert page.locator(".code-block").count() == 301
    # Only what is near the window is coloured, and what comes near becomes so.
    coloured = page.locator(".code-block:has(.line)").count()
    assert 0 < coloured < 40
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    last = page.locator(".code-block:last-child .t-definition").last
    last.wait_for()
    assert last.inner_text() == "f19999"
    opened.go(f"#/tenants/hostile/utilities/{number(world, 'big_file')}?line=30005")
    target = page.locator(".line.target")
    target.wait_for()
    assert target.inner_text().startswith("def f10000")


def test_long_line_is_cut(screen, world):
    opened = screen(f"#/tenants/hostile/utilities/{number(world, 'long_line')}")
    assert "more characters" in opened.text(".code")
    assert opened.overflow() <= 0
