"""For everybody: no violation that axe knows of, the keyboard alone, a small screen, little motion."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from stage import refused

VIEWS = {
    "tenants": "#/",
    "utilities": "#/tenants/demo",
    "tenant findings": "#/tenants/demo/findings",
    "executions": "#/tenants/demo/executions",
    "audit": "#/tenants/demo/audit",
    "code": "#/tenants/demo/utilities/{refang_text}",
    "quarantined": "#/tenants/demo/utilities/{defang_urls}",
    "findings": "#/tenants/demo/utilities/{defang_urls}/findings",
    "history": "#/tenants/demo/utilities/{refang_text}/history",
    "integrity": "#/tenants/demo/utilities/{refang_text}/integrity",
    "metadata": "#/tenants/demo/utilities/{refang_text}/metadata",
    "hostile": "#/tenants/hostile",
    "commit": "#/commits/{head}",
    "token": "#/token",
    "nowhere": "#/nowhere",
}
MISSING = ["Failed to load resource"]


def address(world, view):
    numbers = {entry["name"]: entry["id"] for entry in world.list("demo")["data"]}
    return VIEWS[view].format(**numbers, head=world.demo.head("main"))


def violations(page):
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
                                                  "best-practice"]}).response["violations"]  # fmt: skip
    return [(one["id"], [node["target"] for node in one["nodes"]][:4]) for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(screen, world, view, scheme):
    opened = screen(address(world, view), scheme=scheme, expected=MISSING)
    assert violations(opened.page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_when_signed_out(screen, stage, scheme):
    stage.answer(r"/utils/v1/.*", refused("No.", "SECURITY_ERROR", sessionexpired=True), 401)
    assert violations(screen("#/", scheme=scheme, expected=MISSING).page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_when_it_fails(screen, stage, scheme):
    stage.answer(r"/utils/v1/sync", refused("No.", "INTERNAL_ERROR"), 500)
    assert violations(screen("#/", scheme=scheme, expected=MISSING).page) == []


@pytest.mark.parametrize("view", VIEWS)
def test_no_page_is_wider_than_a_phone(screen, world, view):
    opened = screen(address(world, view), width=320, height=640, expected=MISSING)
    assert opened.overflow() <= 0


def test_axe_finds_nothing_on_a_phone(screen):
    assert violations(screen("#/tenants/demo", width=320, height=640).page) == []


def test_keyboard_alone(screen, world):
    opened = screen("#/")
    press = opened.page.keyboard.press

    def tab_to(name, most=60):
        for _ in range(most):
            press("Tab")
            if name in opened.focused():
                return
        raise AssertionError(f"no way to {name} by Tab; last: {opened.focused()}")

    press("Tab")
    assert "Skip to the content" in opened.focused()
    assert opened.page.locator("#skip").bounding_box()["y"] >= 0
    press("Enter")
    assert opened.focused().startswith("main")
    assert "#/" in opened.page.url
    tab_to("tenant-search")
    opened.page.keyboard.type("demo")
    tab_to("degraded")
    press("Space")
    opened.until("document.querySelectorAll('tbody tr').length === 1")
    # What was pressed keeps the focus through the drawing.
    assert "degraded" in opened.focused()
    tab_to("a:demo")
    press("Enter")
    # The heading has the focus from the first moment, and its name when the entry has come.
    opened.heading_focused("demo")
    tab_to("utility-search")
    opened.page.keyboard.type("refang")
    opened.until("document.querySelectorAll('tbody tr').length === 1")
    assert "utility-search" in opened.focused()
    tab_to("a:refang_text")
    press("Enter")
    # The heading has the focus from the first moment, and its name when the entry has come.
    opened.heading_focused("refang_text")
    tab_to("a:History")
    press("Enter")
    opened.page.locator(".diff").wait_for()
    tab_to("compare-from")
    tab_to("div:Changes from")
    # A region that scrolls can be scrolled.
    assert opened.page.evaluate("document.activeElement.getAttribute('role')") == "region"
    opened.page.go_back()
    opened.page.locator(".code .line").first.wait_for()


def test_the_focus_is_seen(screen):
    page = screen("#/tenants/demo").page
    for _ in range(25):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement);"
            " return [document.activeElement.outerHTML.slice(0, 80), s.outlineStyle, s.outlineWidth]; }"
        )
        assert style[1] != "none" and style[2] != "0px", style


def test_landmarks_and_names(screen):
    page = screen("#/tenants/demo").page
    assert page.get_by_role("banner").count() == 1
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("navigation", name="Main").count() == 1
    assert page.get_by_role("navigation", name="Breadcrumbs").count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.locator("[aria-live=polite]").count() == 1
    assert page.get_by_role("link", name="Utilities").get_attribute("aria-current") == "page"


def test_little_motion(screen, stage):
    page = screen("#/", reduced_motion="reduce").page
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter((e) => getComputedStyle(e).animationName !== 'none'"
        " || getComputedStyle(e).transitionDuration !== '0s').length"
    )
    assert moving == 0
