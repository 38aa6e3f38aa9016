"""Empty, on its way, wrong, away, signed out."""

import base64
import json
import threading

import pytest

from stage import envelope, refused

API = r"/utils/v1/.*"
REFUSED = ["Failed to load resource"]


def token(**claims):
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return f"{part({'alg': 'HS256'})}.{part(claims)}.{'x' * 43}"


def test_no_tenants(screen, stage):
    stage.answer(r"/utils/v1/sync", envelope({"tenants": []}, 0))
    assert "No tenants yet" in screen("#/").text()


def test_no_utilities(screen, stage):
    stage.answer(r"/utils/v1/custom-utils/.*", envelope([], 0, success=False))
    assert "No utilities yet" in screen("#/tenants/demo").text()


def test_on_its_way(screen, stage):
    asked = threading.Event()

    def slow(handler):
        asked.wait(10)
        return 200, envelope({"tenants": []}, 0), {}

    stage.answers[r"/utils/v1/sync"] = slow
    page = screen("#/", wait=False).page
    page.locator(".loading").wait_for()
    assert page.locator("main").get_attribute("aria-busy") == "true"
    assert page.get_by_role("status").filter(has_text="Reading the tenants").count() == 1
    asked.set()
    page.get_by_text("No tenants yet").wait_for()
    assert page.locator("main").get_attribute("aria-busy") == "false"


@pytest.mark.parametrize(
    "status, code, title",
    [
        (500, "INTERNAL_ERROR", "The agent failed to answer"),
        (429, "RATE_LIMITED", "Too many questions"),
        (400, "VALIDATION_ERROR", "The agent refused the question"),
    ],
)
def test_what_went_wrong_is_said_and_tried_again(screen, stage, status, code, title):
    stage.answer(r"/utils/v1/sync", refused("The <b>reason</b>.", code), status, Retry_After="7")
    opened = screen("#/", expected=REFUSED)
    alert = opened.page.get_by_role("alert")
    assert title in alert.inner_text() and "The <b>reason</b>." in alert.inner_text()
    assert "stage-1" in alert.inner_text()
    stage.clear()
    opened.page.get_by_role("button", name="Try again").click()
    opened.page.get_by_role("table").wait_for()


def test_no_json(screen, stage):
    stage.answer(r"/utils/v1/sync", b"<html>a proxy</html>")
    assert "What answers here is not the agent" in screen("#/").text()


@pytest.mark.parametrize("hash", ["#/tenants/nobody", "#/tenants/demo/utilities/999999"])
def test_not_there(screen, hash):
    opened = screen(hash, expected=REFUSED)
    assert "Not found" in opened.page.get_by_role("alert").inner_text()


def test_address_that_leads_nowhere(screen):
    assert "This address leads nowhere" in screen("#/a/b/c").text()


def test_offline_keeps_what_was_read_and_comes_back(screen, stage):
    opened = screen("#/", expected=REFUSED)
    page = opened.page
    stage.answers[API] = lambda handler: (0, b"", {})
    page.locator("#banner .notice").wait_for()
    assert "The agent cannot be reached" in opened.text("#banner")
    assert page.get_by_role("table").is_visible()
    assert page.locator(".fresh-offline").inner_text() == "Offline"
    stage.clear()
    page.get_by_role("button", name="Try now").click()
    page.locator("#banner .notice").wait_for(state="detached")


def test_offline_from_the_start(screen, stage):
    stage.answers[API] = lambda handler: (0, b"", {})
    opened = screen("#/tenants/demo", expected=REFUSED)
    # One trouble is told once.
    assert opened.page.get_by_role("alert").count() == 1
    stage.clear()
    opened.page.get_by_role("article", name="Branch main").wait_for()


def test_signed_out_and_in(screen, stage):
    def guarded(handler):
        if handler.headers["Authorization"] == f"Bearer {good}":
            return 200, envelope({"tenants": []}, 0), {}
        return 401, refused("A token is needed.", "SECURITY_ERROR"), {}

    good = token(sub="mina", tenantcode="*", exp=4102444800)
    stage.answers[API] = guarded
    opened = screen("#/", expected=REFUSED)
    page = opened.page
    assert "You are signed out" in opened.text()
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("The agent refused the token").wait_for()
    page.get_by_label("Token").fill(f"  Bearer {good}\n")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("No tenants yet").wait_for()
    assert page.get_by_role("link", name="mina").is_visible()
    # In this tab only, and in no address.
    assert page.evaluate("sessionStorage.getItem('console.token')") == good
    assert page.evaluate("JSON.stringify(localStorage) + document.cookie") == "{}"
    assert good not in page.url
    page.get_by_role("link", name="mina").click()
    page.get_by_text("all (operator)").first.wait_for()
    page.get_by_role("button", name="Sign out").click()
    opened.go("#/")
    page.get_by_text("You are signed out").wait_for()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_session_that_expires_while_one_looks(screen, stage):
    opened = screen("#/", expected=REFUSED)
    stage.answer(API, refused("The token has expired.", "SECURITY_ERROR", sessionexpired=True), 401)
    opened.page.get_by_text("Your session has expired").wait_for()
    assert "demo" not in opened.text()


def test_a_sick_agent_says_so(screen, stage):
    stage.answer(r"/health", json.dumps({
        "status": "unhealthy", "checks": {"database": {"status": "unhealthy"}},
    }).encode(), 503)  # fmt: skip
    opened = screen("#/", expected=REFUSED)
    opened.page.get_by_text("Agent unhealthy: database").wait_for()


def test_hundreds_of_tenants_and_every_phase(screen, stage):
    phases = ["synced", "syncing", "degraded", "held", "suspended", "failed"]
    tenants = [
        {"tenantcode": f"tenant-{n:03}", "branches": [{
            "branch": "main", "phase": phases[n % 6], "release": "", "fingerprint": "",
            "next_retry": 4102444800000 if n % 6 == 5 else None,
            "report": {"started_at": 1, "duration": 2, "changes": {}, "quarantined": [], "findings": [],
                       "error": "it <b>broke</b>" if n % 6 == 5 else None,
                       "held": {"reason": "too many removals"} if n % 6 == 3 else None},
        }]}
        for n in range(500)
    ]  # fmt: skip
    stage.answer(r"/utils/v1/sync", envelope({"tenants": tenants}, 500))
    opened = screen("#/")
    assert opened.page.locator("tbody tr").count() == 100
    assert "1–100 of 500" in opened.text(".pager")
    assert "it <b>broke</b>" in opened.page.locator("tbody tr").first.inner_text()
    for phase in phases:
        opened.page.get_by_role("button", name=phase, exact=False).first.click()
        badges = set(opened.page.locator("tbody .badge").all_inner_texts())
        assert badges == {phase}
        # A state is a drawing and a word, never a colour alone.
        assert opened.page.locator("tbody .badge svg").count() == opened.page.locator("tbody tr").count()
