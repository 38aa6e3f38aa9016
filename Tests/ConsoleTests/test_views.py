"""What each view shows, and what can be done there."""

import hashlib
import re
from urllib.parse import parse_qs, urlsplit

from stage import envelope


def rows(screen):
    return screen.page.locator("tbody tr")


def names(screen):
    return screen.page.locator("tbody .cell-name a").all_inner_texts()


def number_of(world, name):
    return world.list("demo", name=name, status="all")["data"][0]["id"]


def branches(world):
    """The tenants of all branches, in order."""
    tenants = world.get("/utils/v1/sync")["data"]["tenants"]
    return [one["tenantcode"] for one in tenants for _ in one["branches"]]


def test_tenants(screen, world):
    page = screen("#/").page
    assert page.title() == "Tenants · sync-agent"
    table = page.get_by_role("table", name="Tenants and their branches")
    assert table.get_by_role("row").count() == 1 + len(branches(world))
    # Those in trouble come first.
    first = table.get_by_role("row").nth(1)
    assert re.search(r"demo\s*main\s*degraded", first.inner_text())
    assert "defang_urls" in first.inner_text()
    assert first.locator(".cell-quarantined").inner_text().strip() == "1"
    head = world.demo.head("main")
    assert head[:10] in first.locator(".cell-applied").inner_text()
    page.get_by_role("button", name="synced").click()
    assert table.get_by_role("row").count() < 1 + len(branches(world))
    assert page.url.endswith("phase=synced")
    page.get_by_label("Search tenants").fill("host")
    assert table.get_by_role("row").count() == 2
    page.get_by_role("link", name="hostile").click()
    screen_title = page.get_by_role("heading", level=1)
    screen_title.get_by_text("hostile").wait_for()


def test_tenants_are_sorted_by_their_heads(screen, world):
    page = screen("#/").page
    head = page.get_by_role("columnheader", name="Tenant")
    assert head.get_attribute("aria-sort") == "none"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator("tbody .cell-tenant a").all_inner_texts() == branches(world)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert page.locator("tbody .cell-tenant a").all_inner_texts() == branches(world)[::-1]


def test_tenant(screen, world):
    page = screen("#/tenants/demo").page
    main = page.get_by_role("article", name="Branch main")
    assert "degraded" in main.inner_text() and "defang_urls" in main.inner_text()
    trial = page.get_by_role("article", name="Branch trial")
    assert world.demo.git("rev-parse", "origin/trial").strip()[:10] in trial.inner_text()
    assert f"{world.list('demo')['count']} entries" in page.locator(".pager").inner_text()


def test_list_is_searched_filtered_and_sorted(screen, world):
    total = world.list("demo")["count"]
    opened = screen("#/tenants/demo")
    page = opened.page
    page.get_by_label("Search utilities").fill("entropy")
    opened.until("document.querySelectorAll('tbody tr').length === 2")
    assert set(names(opened)) == {"entropy_score"}
    assert "q=entropy" in page.url
    page.get_by_label("Status").select_option("draft")
    opened.until("document.querySelectorAll('tbody tr').length === 1")
    assert "draft" in rows(opened).first.inner_text()
    page.get_by_label("Search utilities").fill("no such thing")
    page.get_by_text("No utility matches").wait_for()
    page.get_by_role("button", name="Show all").click()
    opened.until(f"document.querySelectorAll('tbody tr').length === {total}")
    page.get_by_role("columnheader", name="Name").get_by_role("button").click()
    opened.until("document.querySelector('tbody .cell-name a').innerText === 'csv_to_json'")
    assert names(opened) == sorted(names(opened))
    assert page.get_by_role("columnheader", name="Name").get_attribute("aria-sort") == "ascending"
    options = page.get_by_label("Category").locator("option").all_inner_texts()
    assert "Scoring" in options and len(options) > 4
    page.get_by_label("Category").select_option("Scoring")
    opened.until(f"document.querySelectorAll('tbody tr').length < {total}")
    assert all(text == "Scoring" for text in page.locator(".cell-category bdi").all_inner_texts())
    # The address has it all: another reader sees the same.
    other = screen("#/" + page.url.split("#/")[1])
    assert names(other) == names(opened)


def test_pages(screen, stage, world):
    entry = world.entry("csv_to_json")
    many = [{**entry, "id": 2000 + n, "name": f"utility_{n:03}"} for n in range(120)]

    def page_of(handler):
        query = {k: v[0] for k, v in parse_qs(urlsplit(handler.path).query).items()}
        first = int(query.get("offset", 0))
        return 200, envelope(many[first:first + int(query["limit"])], len(many)), {}

    stage.answers[r"/utils/v1/custom-utils/demo/-/-.*"] = page_of
    opened = screen("#/tenants/demo")
    pager = opened.page.locator(".pager")
    assert "1–50 of 120" in pager.inner_text()
    assert opened.page.get_by_role("button", name="Previous").is_disabled()
    opened.page.get_by_role("button", name="Next").click()
    pager.get_by_text("51–100 of 120").wait_for()
    opened.page.get_by_role("button", name="Next").click()
    pager.get_by_text("101–120 of 120").wait_for()
    assert opened.page.get_by_role("button", name="Next").is_disabled()
    assert "offset=100" in opened.page.url


def test_utility_shows_its_code(screen, world):
    number = number_of(world, "refang_text")
    opened = screen(f"#/tenants/demo/utilities/{number}")
    page = opened.page
    assert page.title() == "refang_text of demo · sync-agent"
    source = world.one(number)["filecontents_instring"]
    shown = page.locator(".code .line").all_inner_texts()
    assert "".join(shown).split("\n")[:-1] == source.split("\n")[:-1]
    assert page.locator(".code .t-definition").first.inner_text() == "refang_text"
    aside = page.get_by_role("complementary").inner_text()
    assert "utils/indicators/refang_text.py" in aside
    assert "Mina" in aside and "Kim" in aside
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_text() == source


def test_utility_in_quarantine(screen, world):
    number = number_of(world, "defang_urls")
    opened = screen(f"#/tenants/demo/utilities/{number}")
    notice = opened.page.locator(".notice.is-quarantined")
    assert "NoImportOS" in notice.inner_text() and "HIGH" in notice.inner_text()
    opened.page.get_by_role("link", name="Findings").click()
    opened.page.get_by_role("heading", name="Why the newest version was refused").wait_for()
    assert opened.page.locator(".finding .rule").inner_text() == "NoImportOS"


def test_versions_of_one_number(screen, world):
    number = number_of(world, "entropy_score")
    page = screen(f"#/tenants/demo/utilities/{number}").page
    page.get_by_role("link", name="draft version").click()
    page.get_by_text("# A trial.").wait_for()
    assert "status=draft" in page.url


def test_history_and_differences(screen, world):
    number = number_of(world, "refang_text")
    opened = screen(f"#/tenants/demo/utilities/{number}/history")
    page = opened.page
    page.locator(".diff").wait_for()
    added = page.locator(".diff-line.is-added code").all_inner_texts()
    assert "# Checked against the feed of March." in added
    messages = page.locator(".revision-head > a").all_inner_texts()
    assert messages[-1] == "Sixteen utilities for a security team"
    assert "Say what refanging is" in messages
    page.get_by_role("link", name="Say what refanging is").click()
    page.locator(".diff-line.is-removed").wait_for()
    assert "Made readable." in page.locator(".diff-line.is-added mark").inner_text()
    assert "from=" in page.url and "to=" in page.url
    page.get_by_label("From", exact=True).select_option("none")
    page.locator(".minus", has_text="−0 lines").wait_for()
    fold = page.locator(".fold")
    assert fold.count() == 0
    page.get_by_label("From", exact=True).select_option(index=1)
    page.get_by_label("To", exact=True).select_option(index=1)
    page.locator(".fold, .quiet:has-text('are the same')").first.wait_for()


def test_integrity_is_computed_here(screen, stage, world):
    number = number_of(world, "csv_to_json")
    entry = world.one(number)
    opened = screen(f"#/tenants/demo/utilities/{number}/integrity")
    page = opened.page
    page.get_by_text("The source is what git and the catalog say").wait_for()
    digest = hashlib.sha256(entry["filecontents_instring"].encode()).hexdigest()
    assert page.locator(".hashes dd").all_inner_texts() == [entry["sync"]["blob"]] * 2 + [digest] * 2
    assert world.branch()["release"][:10] in page.locator(".chain").inner_text()
    stage.answer(rf"/utils/v1/source/demo/{number}", b"print('another')\n")
    page.reload()
    page.get_by_text("The source is not what git and the catalog say").wait_for()
    assert page.locator(".chain-link.is-other").count() == 2


def test_executions(screen, stage, world):
    number = number_of(world, "csv_to_json")
    row = {
        "taskid": number, "userid": 1, "tenantcode": "demo", "createddate": 1_700_000_000_000,
        "request": '{"data": "<b>"}', "response": "", "status": "failed", "execution_time": 1.234,
        "error_message": "ValueError: <i>", "logs": ["one", "two"], "username": "mina", "name": "csv_to_json",
    }  # fmt: skip
    stage.answer(r"/utils/v1/executions/demo\?.*", envelope([row], 1))
    opened = screen(f"#/tenants/demo/utilities/{number}/executions")
    text = rows(opened).first.inner_text()
    assert "failed" in text and "1.2 s" in text and "ValueError: <i>" in text and "mina" in text
    opened.page.locator("summary").click()
    assert '{"data": "<b>"}' in opened.page.locator("details").inner_text()
    assert f"taskid={number}" in stage.seen[-1][0] or any(f"taskid={number}" in p for p, _ in stage.seen)


def test_metadata(screen, world):
    number = number_of(world, "csv_to_json")
    text = screen(f"#/tenants/demo/utilities/{number}/metadata").text()
    assert "functionname" in text and "csv_to_json()" in text and "inputfields" in text


def test_a_commit(screen, world):
    page = screen("#/commits").page
    page.get_by_role("textbox", name="Commit").fill(world.demo.head("main")[:12])
    page.get_by_role("button", name="Find").click()
    card = page.locator(".card")
    card.wait_for()
    assert "demo" in card.inner_text() and "quarantined" in card.inner_text()
    assert "defang_urls" in card.inner_text()
    page.get_by_role("textbox", name="Commit").fill("f" * 40)
    page.get_by_role("button", name="Find").click()
    page.get_by_text("No watched branch has this commit").wait_for()
    page.get_by_role("textbox", name="Commit").fill("nonsense")
    page.get_by_role("button", name="Find").click()
    page.get_by_text("4 to 40 hexadecimal digits").wait_for()
    assert page.get_by_role("textbox", name="Commit").get_attribute("aria-invalid") == "true"


def test_theme_is_chosen_and_kept(screen):
    page = screen("#/", scheme="light").page
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    button = page.get_by_role("button", name="Colours")
    button.click()
    button.click()
    assert "dark" in button.get_attribute("aria-label")
    assert page.evaluate(ground) != light
    page.reload()
    assert page.evaluate(ground) != light
