"""What a utility that passed the rules cannot see: the agent's secrets, the catalog, other tenants."""

import json
import os
import signal

import pytest

from support import living, request

LOOK = """def look(data, filter):
    seen = {}
    for path in data:
        try:
            with open(path, "rb") as file:
                seen[path] = file.read(4).hex()
        except OSError as error:
            seen[path] = type(error).__name__
    return seen
"""


def test_secrets_catalog_and_other_tenants_are_out_of_reach(agent, demo, monkeypatch):
    monkeypatch.setenv("CATALOG_PASSWORD", "hush")
    other = agent.tenant("other")
    other.write("mine", "'theirs'")
    demo.write("look", code=LOOK)
    agent.start()
    agent.applied(other.commit_and_push(), tenant="other")
    agent.applied(demo.commit_and_push())
    if "no Landlock" in agent.log.read_text():
        pytest.skip("this kernel has no Landlock")
    [theirs] = (agent.data / "releases" / "other").glob("*/utils/mine.py")
    hidden = [
        f"/proc/{agent.process.pid}/environ", f"{agent.data}/catalog.sqlite", str(theirs),
        str(other.clone / "utils" / "mine.py"),
    ]
    assert agent.value("look", hidden) == dict.fromkeys(hidden, "PermissionError")
    [own] = (agent.data / "releases" / "demo").glob("*/utils/look.py")
    assert agent.value("look", [str(own)]) == {str(own): b"def ".hex()}
    assert agent.value("mine", tenant="other") == "theirs"


def test_a_server_that_hangs_is_replaced(agent, live):
    """Within two answers that do not come in 10 s each; clients wait meanwhile."""
    servers = [pid for pid, line in living(agent.note_processes()) if b"serve.py" in line]
    assert servers, "a server runs"
    for pid in servers:
        os.kill(pid, signal.SIGSTOP)
    body = json.dumps({"data": "", "filter": ""})
    answer = request(agent.active_port, "POST", "/alpha", body, timeout=90)
    assert json.loads(answer.body)["data"] == "alpha 1"
    agent.wait(lambda: agent.branch()["phase"] == "synced", "it is in sync again")
    assert "a runtime's server is ended" in agent.log.read_text()
