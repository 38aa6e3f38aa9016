"""What happens is seen as it happens."""

import re
import time

import pytest


def test_a_push_is_seen(screen, stage, world):
    tenant = world.tenant("pushed")
    tenant.write("first", description="The first of them.")
    world.applied(tenant.commit_and_push("First"), "pushed")
    opened = screen("#/tenants/pushed")
    page = opened.page
    page.get_by_text("The first of them.").wait_for()
    if "/utils/v1/events/" not in stage.lacking:
        page.locator(".fresh-live").wait_for()
    page.evaluate("document.mark = 'the same page'")
    page.get_by_label("Search utilities").focus()
    tenant.write("second", description="The second of them.")
    head = tenant.commit_and_push("Second")
    page.get_by_text("The second of them.").wait_for()
    page.locator(".branch-card", has_text=head[:10]).wait_for()
    # Neither the page nor what a user does there was lost.
    assert page.evaluate("document.mark") == "the same page"
    assert "utility-search" in opened.focused()
    number = world.list("pushed", name="second")["data"][0]["id"]
    opened.go(f"#/tenants/pushed/utilities/{number}")
    tenant.write("second", "2 + 2", description="The second of them.")
    tenant.commit_and_push("Change it")
    page.get_by_text("return 2 + 2").wait_for()
    tenant.write("second", code="import os\ndef second(data, filter):\n    return 1\n")
    tenant.commit_and_push("Break it")
    page.locator(".notice.is-quarantined").wait_for()
    opened.go("#/")
    row = page.locator("tbody tr", has_text="pushed")
    row.locator(".badge", has_text="degraded").wait_for()
    tenant.git("revert", "--no-edit", "HEAD")
    tenant.push()
    row.locator(".badge", has_text="synced").wait_for()


def test_the_stream_is_resumed(screen, stage):
    script = stage.events()
    opened = screen("#/tenants/demo")
    assert "Last-Event-ID" not in script.opened.get(timeout=10)
    opened.page.locator(".fresh-live").wait_for()
    script.send("retry: 50\nid: a-0\n\n")
    # In pieces, with a comment between, and lines of every kind.
    for piece in ("id: a-", "1\r\nevent: uti", "lity\r\n: a comment\ndata: {\"name\":\ndata: \"one\"}\r\n", "\n"):
        script.send(piece)
        time.sleep(0.02)
    opened.page.locator("#said", has_text="one changed").wait_for(state="attached")
    script.end()
    again = script.opened.get(timeout=10)
    assert again["Last-Event-ID"] == "a-1"
    opened.page.locator(".fresh-live").wait_for()


def test_each_event_is_a_look(screen, stage):
    script = stage.events()
    screen("#/tenants/demo")
    script.opened.get(timeout=10)
    time.sleep(1)

    def looks():
        return sum(path == "/utils/v1/sync/demo" for path, _ in stage.seen)

    before = looks()
    for number in range(50):
        script.send(f"id: b-{number}\nevent: sync\ndata: {{\"branch\": \"main\", \"phase\": \"synced\"}}\n\n")
    time.sleep(1)
    # At least one, and not one for each of a burst.
    assert 1 <= looks() - before <= 8


@pytest.mark.parametrize("status, state", [(404, "Polling"), (503, "Reconnecting"), (429, "Reconnecting")])
def test_without_a_stream_the_agent_is_asked(screen, stage, status, state):
    stage.answer(r"/utils/v1/events/.*", b"{}", status)
    opened = screen("#/tenants/demo", expected=["Failed to load resource"])
    opened.page.locator(".sign", has_text=state).wait_for()
    before = len(stage.seen)
    deadline = time.monotonic() + 15
    asked = []
    while not asked and time.monotonic() < deadline:
        opened.page.wait_for_timeout(200)
        asked = [headers for path, headers in stage.seen[before:]
                 if re.match(r"/utils/v1/custom-utils/demo/-/-", path)]  # fmt: skip
    # Conditionally: what is known is not sent again.
    assert asked and asked[0].get("If-None-Match")
