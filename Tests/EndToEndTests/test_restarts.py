"""Whatever happens to the agent's process: it starts again and is where git says."""

import os
import signal
import subprocess

import pytest

from support import Agent, descendants, living


def test_sigterm_ends_with_0_and_leaves_no_process(agent, live):
    agent.value("alpha")  # a worker runs, too
    assert len(agent.note_processes()) >= 2
    assert agent.stop() == 0
    agent.leaves_nothing()
    assert not (agent.data / "catalog.sqlite.state/agent.sock").exists()


def test_sigint_too(agent, live):
    assert agent.end(signal.SIGINT) == 0
    agent.leaves_nothing()


def test_a_restart_changes_nothing_that_is_visible(agent, live):
    live.remove("gamma", "utils/more")
    commit = live.commit_and_push()
    agent.applied(commit)
    raw, tag = agent.raw(), agent.http("/utils/v1/custom-utils/demo/-/-").headers["ETag"]
    served = agent.healthz()
    assert agent.stop() == 0
    agent.start()
    # Read before the first sync has ended: what was visible once is visible now.
    assert agent.raw() == raw
    agent.applied(commit, phase="synced")
    assert agent.raw() == raw
    assert agent.http("/utils/v1/custom-utils/demo/-/-").headers["ETag"] == tag
    assert agent.healthz() == served
    assert agent.value("alpha") == "alpha 1"


def test_kill_9_leaves_no_server_and_a_restart_converges(agent, live):
    agent.value("alpha")
    before = agent.state()
    raw = agent.raw()
    agent.kill()
    agent.leaves_nothing()
    agent.start()
    agent.applied(live.head(), phase="synced")
    assert agent.raw() == raw
    assert agent.state() == before
    assert agent.value("alpha") == "alpha 1"


def test_ports_stay_with_their_tenants(agent):
    ports = {}
    for code in ("zulu", "mike", "able"):
        tenant = agent.tenant(code)
        tenant.write("one", f"'{code}'")
        commit = tenant.commit_and_push()
        if agent.process is None:
            agent.start()
        agent.applied(commit, code)
        ports[code] = agent.entry("one", code)["port"]
    assert len(set(ports.values())) == 3
    assert ports["zulu"] == str(agent.active_port), "the first tenant's"
    agent.kill()
    agent.leaves_nothing()
    agent.start()
    for code, port in ports.items():
        agent.wait(lambda code=code: agent.branch(code)["phase"] == "synced", "synced")
        assert agent.entry("one", code)["port"] == port
        assert agent.value("one", tenant=code) == code


def test_commits_that_were_missed_are_caught_up_at_once(agent, live):
    number = agent.entry("gamma")["id"]
    agent.stop()
    live.write("alpha", "'alpha 2'")
    live.commit()
    live.remove("beta")
    live.commit()
    live.write("delta", "'delta 1'")
    commit = live.commit_and_push()
    agent.start()
    status = agent.applied(commit, phase="synced")
    assert status["report"]["changes"] == {"create": 1, "remove": 1, "update": 1}
    assert (agent.value("alpha"), agent.value("delta")) == ("alpha 2", "delta 1")
    entries = agent.entries()
    assert ("beta", "inactive") in entries and entries["gamma", "active"]["id"] == number
    assert entries["delta", "active"]["id"] == 1004


def test_a_server_that_is_killed_comes_back(agent, live):
    (server,) = [
        pid for pid, command in living(descendants(agent.process.pid))
        if b"serve.py" in command and _parent(pid) == agent.process.pid
    ]  # fmt: skip
    agent.note_processes()
    os.kill(server, signal.SIGKILL)

    def answers():
        try:
            return agent.call("alpha", port=agent.active_port)[1]["data"] == "alpha 1"
        except OSError:
            return False

    agent.wait(answers, "the utility answers again")


def _parent(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[1])


# Fault points

FAULTS = [
    "release.published", "rollout.active", "rollout.trial", "catalog.writing", "catalog.writing:2",
    "catalog.writing:3", "catalog.applied", "snapshot.published", "finished",
]  # fmt: skip


def change(tenant):
    """An edit, an addition, a removal, and a rename, in one push."""
    tenant.write("alpha", "'alpha 2'")
    tenant.write("delta", "'delta 1'")
    tenant.remove("beta")
    tenant.git("mv", "utils/more/gamma.py", "utils/more/omega.py")
    tenant.git("mv", "utils/more/gamma.yaml", "utils/more/omega.yaml")
    text = (tenant.clone / "utils/more/omega.py").read_text()
    tenant.put("utils/more/omega.py", text.replace("gamma", "omega"))
    return tenant.commit_and_push("Edit, add, remove, rename")


def fill(tenant):
    tenant.put("lib/__init__.py", "")
    tenant.put("lib/words.py", "WORD = 'old'\n")
    tenant.write("alpha", "'alpha 1'")
    tenant.write("beta", code="from lib import words\n\n\ndef beta(data, filter):\n    return words.WORD\n")
    tenant.write("gamma", code="def gamma(data, filter):\n" + "".join(
        f"    line_{n} = str(data) * {n}\n" for n in range(10)) + "    return filter\n", folder="utils/more")  # fmt: skip
    return tenant.commit_and_push("First utilities")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The states of an agent that nobody kills: after the first sync, and after the change."""
    agent = Agent(tmp_path_factory.mktemp("undisturbed"))
    try:
        tenant = agent.tenant()
        commit = fill(tenant)
        agent.start()
        agent.applied(commit)
        first = agent.state()
        agent.applied(change(tenant))
        return first, agent.state()
    finally:
        agent.close()


def compare(agent, expected):
    """Nothing may differ, former releases included."""
    found = agent.state()
    assert found["entries"] == expected["entries"]
    assert found["contents"] == expected["contents"]
    assert (found["served"], found["release"]) == (expected["served"], expected["release"])
    assert found["releases"] == expected["releases"]
    ids = [entry["id"] for entry in found["entries"].values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("fault", FAULTS)
def test_killed_in_the_first_sync(agent, undisturbed, fault):
    tenant = agent.tenant()
    commit = fill(tenant)
    agent.start(fault=fault, ready=False)
    agent.note_processes()
    assert agent.ended() == -signal.SIGKILL, "the fault point was not reached"
    agent.start()
    agent.applied(commit, phase="synced")
    compare(agent, undisturbed[0])
    assert agent.value("alpha") == "alpha 1"
    agent.applied(change(tenant), phase="synced")
    compare(agent, undisturbed[1])


@pytest.mark.parametrize("fault", FAULTS)
def test_killed_in_a_push_of_everything(agent, undisturbed, fault):
    tenant = agent.tenant()
    commit = fill(tenant)
    # The first sync passes each point once (writing: three times); the push is the next.
    name, _, count = fault.partition(":")
    before = 3 if name == "catalog.writing" else 1
    agent.start(fault=f"{name}:{before + int(count or 1)}")
    agent.applied(commit, phase="synced")
    # Settled means finished, too: the status is published one step before.
    assert agent.cli("sync").returncode == 0
    agent.note_processes()
    ids = {name: entry["id"] for (name, _), entry in agent.entries().items()}
    commit = change(tenant)
    assert agent.ended() == -signal.SIGKILL, "the fault point was not reached"
    agent.leaves_nothing()
    agent.start()
    # A reader sees the old catalog or the new one, whole.
    names = {name for name, status in agent.entries() if status == "active"}
    assert names in ({"alpha", "beta", "gamma"}, {"alpha", "delta", "omega"})
    agent.applied(commit, phase="synced")
    compare(agent, undisturbed[1])
    after = {name: entry["id"] for (name, _), entry in agent.entries().items()}
    assert (after["alpha"], after["beta"], after["omega"]) == (ids["alpha"], ids["beta"], ids["gamma"])
    assert (agent.value("alpha"), agent.value("delta")) == ("alpha 2", "delta 1")


def test_killed_again_and_again(agent, undisturbed):
    tenant = agent.tenant()
    commit = fill(tenant)
    for fault in FAULTS:
        agent.start(fault=fault, ready=False)
        # Once the catalog is written, the points of writing are not reached any more.
        try:
            agent.process.wait(1)
        except subprocess.TimeoutExpired:
            agent.kill()
    commit = change(tenant)
    agent.start()
    agent.applied(commit, phase="synced")
    found = agent.state()
    for key in ("entries", "contents", "served", "release"):
        assert found[key] == undisturbed[1][key]


@pytest.mark.parametrize("moment", ["new server", "at once"])
def test_sigterm_in_a_rollout(agent, undisturbed, moment):
    tenant = agent.tenant()
    agent.start()
    agent.applied(fill(tenant), phase="synced")
    known = descendants(agent.process.pid)
    commit = change(tenant)
    if moment == "new server":
        agent.wait(
            lambda: [c for _, c in living(descendants(agent.process.pid) - known) if b"serve.py" in c]
            or (agent.branch()["applied"] or "").endswith(commit),
            "a new server starts",
        )
    assert agent.stop() == 0
    agent.leaves_nothing()
    agent.start()
    agent.applied(commit, phase="synced")
    compare(agent, undisturbed[1])
