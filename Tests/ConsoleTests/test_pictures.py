"""Pictures for people: every view and state, into the folder that CONSOLE_PICTURES names."""

import os
from pathlib import Path

import pytest

from stage import envelope, refused

FOLDER = os.environ["CONSOLE_PICTURES"]
MISSING = ["Failed to load resource"]
SCREENS = {
    "tenants": "#/",
    "tenant": "#/tenants/demo",
    "findings": "#/tenants/demo/findings",
    "code": "#/tenants/demo/utilities/{refang_text}",
    "quarantined": "#/tenants/demo/utilities/{defang_urls}",
    "history": "#/tenants/demo/utilities/{refang_text}/history",
    "integrity": "#/tenants/demo/utilities/{refang_text}/integrity",
    "executions": "#/tenants/demo/utilities/{refang_text}/executions",
    "metadata": "#/tenants/demo/utilities/{refang_text}/metadata",
    "commit": "#/commits/{head}",
    "hostile": "#/tenants/hostile/utilities/{hostile_code}",
    "hostile-list": "#/tenants/hostile",
    "token": "#/token",
}
SIZES = {"light": (1280, 800, "light"), "dark": (1280, 800, "dark"), "phone": (360, 720, "light")}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
def test_views(screen, world, name, size):
    numbers = {one["name"]: one["id"] for tenant in ("demo", "hostile") for one in world.list(tenant)["data"]}
    width, height, scheme = SIZES[size]
    hash = SCREENS[name].format(**numbers, head=world.demo.head("main"))
    opened = screen(hash, width=width, height=height, scheme=scheme, expected=MISSING)
    opened.page.wait_for_timeout(300)
    opened.page.screenshot(path=Path(FOLDER) / f"{name}-{size}.png")


@pytest.mark.parametrize("name, answer", [
    ("signed-out", (401, refused("A token is needed.", "SECURITY_ERROR"), {})),
    ("expired", (401, refused("It has expired.", "SECURITY_ERROR", sessionexpired=True), {})),
    ("failed", (500, refused("The request failed inside the server.", "INTERNAL_ERROR"), {})),
    ("offline", (0, b"", {})),
    ("empty", (200, envelope({"tenants": []}, 0), {})),
])  # fmt: skip
def test_states(screen, stage, name, answer):
    stage.answers[r"/utils/v1/.*"] = lambda handler: answer
    opened = screen("#/", height=480, expected=MISSING)
    opened.page.screenshot(path=Path(FOLDER) / f"{name}.png")
