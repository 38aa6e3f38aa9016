"""The console in a real browser, over the real agent; skipped with the reason where a part is missing."""

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "EndToEndTests"))

from support import Agent, BINARY, CHECKOUT, end_in_order, unusable  # noqa: E402

end_in_order()

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


def missing():
    if sync_playwright is None:
        return f"no playwright in {sys.executable}: pip install -r Tests/ConsoleTests/requirements.txt"
    if not Path(CHROMIUM).exists():
        return "no chromium: apt-get install chromium"
    return unusable()


REASON = missing()
# Pictures are made when somebody asks for them, and are no test to be skipped otherwise.
collect_ignore = [] if os.environ.get("CONSOLE_PICTURES") else ["test_pictures.py"]


def pytest_ignore_collect(collection_path):
    """Without playwright the test files cannot even be imported."""
    if sync_playwright is None and collection_path.suffix == ".py":
        return True
    return None


def pytest_report_header():
    return f"console: {REASON or f'{CHROMIUM} over {BINARY}'}"


def pytest_collection_modifyitems(items):
    if REASON:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=REASON))


def pytest_terminal_summary(terminalreporter):
    if REASON:
        terminalreporter.write_sep("!", f"the console was not tested: {REASON}", red=True)


if sync_playwright is not None:
    from repositories import demo_tenant, hostile_tenant
    from screen import Screen
    from stage import Stage


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """An agent with the tenants `demo` (the sample, with a refused utility and a draft) and `hostile`."""
    agent = Agent(tmp_path_factory.mktemp("world"))
    try:
        agent.start()
        demo = demo_tenant(agent, CHECKOUT / "sample-repo")
        hostile_tenant(agent)
        agent.demo = demo
        yield agent
    finally:
        agent.close()


@pytest.fixture(scope="session")
def stage(world):
    """A front of the agent that a test may give answers of its own."""
    with Stage(world.port) as stage:
        stage.repositories = world.folder / "repos"
        stage.lacking = [
            path for path in ("/utils/v1/events/", "/utils/v1/executions/", "/utils/v1/audit/")
            if world.http(f"{path}demo", method="HEAD").status == 404
        ]  # fmt: skip
        yield stage


@pytest.fixture
def screen(browser, stage):
    """Opens pages as a user has them, and tells at the end of what no user should get."""
    screens = []

    def open_screen(hash="#/", *, width=1280, height=900, scheme="light", wait=True, **options):
        screen = Screen(browser, stage.address, width, height, scheme, lacking=stage.lacking, **options)
        screens.append(screen)
        screen.open(hash, wait)
        return screen

    yield open_screen
    faults = [fault for screen in screens for fault in screen.close()]
    stage.clear()
    assert not faults
