"""An earlier version put back by an operator: the catalog, the runtime and every report agree on it."""

import hashlib
import json
import signal

import pytest
from test_policy import audit


def versions(agent, tenant, count=3):
    """`alpha` in several versions after the one that is there; their commits, the oldest first."""
    commits = [tenant.head()]
    for number in range(2, count + 1):
        tenant.write("alpha", f"'alpha {number}'")
        commits.append(tenant.commit_and_push(f"alpha {number}"))
        agent.applied(commits[-1])
    return commits


def rollback(agent, *arguments, tenant="demo"):
    result = agent.cli("rollback", tenant, *arguments)
    assert result.returncode == 0, result
    return result.stdout


def consistent(agent, tenant, name="alpha"):
    """Holds the chain together: the entry's commit and blob, its hash, and what the server has loaded."""
    entry = agent.entry(name)
    sync = entry["sync"]
    commit = sync["revision"].split(":")[1]
    source = tenant._run("git", "show", f"{commit}:{sync['path']}", cwd=tenant.bare)
    assert hashlib.sha256(source.encode()).hexdigest() == entry["filehash"]
    assert tenant._run("git", "rev-parse", f"{commit}:{sync['path']}", cwd=tenant.bare).strip() == sync["blob"]
    assert agent.one(entry["id"])["filecontents_instring"] == source
    assert agent.healthz()["utilities"][name] == entry["filehash"]
    return entry


def test_an_earlier_version_is_served_and_told_everywhere(agent, live):
    commits = versions(agent, live)
    others = {key: text for key, text in agent.raw().items() if key[0] != "alpha"}
    number = agent.entry("alpha")["id"]
    shown = rollback(agent, "alpha", "--to", commits[0][:10], "--reason", "incident 4711", "--as", "Olga")
    assert f"rolled back to main@sha1:{commits[0]}" in shown
    entry = consistent(agent, live)
    assert agent.value("alpha") == "alpha 1" and entry["id"] == number
    stamp = entry["sync"]["rollback"]
    assert (stamp["revision"], stamp["instead_of"]) == (f"main@sha1:{commits[0]}", f"main@sha1:{commits[2]}")
    assert (stamp["actor"], stamp["reason"]) == ("Olga", "incident 4711")
    assert {key: text for key, text in agent.raw().items() if key[0] != "alpha"} == others

    status = agent.branch()
    assert status["phase"] == "synced" and status["applied"] == f"main@sha1:{commits[2]}"
    assert status["rollbacks"]["alpha"]["state"] == "applied"
    table = agent.cli("status")
    assert table.returncode == 0 and f"alpha is rolled back to {commits[0][:12]} by Olga" in table.stdout
    planned = agent.cli("plan", "--format", "json")
    answer = json.loads(planned.stdout)["tenants"][0]
    assert planned.returncode == 0 and answer["rollbacks"] == {"alpha": f"main@sha1:{commits[0]}"}
    assert answer["changes"] == []
    assert "rolled back: alpha" in agent.cli("plan").stdout
    fate = agent.get(f"/utils/v1/sync/demo/commits/{commits[2]}")["data"]
    assert fate["state"] == "applied" and "rolled back: alpha" in fate["reason"]
    note = ("git", "log", "-1", "--notes=sync", "--format=%N", commits[2])
    agent.wait(
        lambda: f"alpha: rolled back to main@sha1:{commits[0]}" in live._run(*note, cwd=live.bare),
        "the note tells of it",
    )
    [record] = [record for record in audit(agent) if record["action"] == "rollback"]
    assert (record["actor"], record["reason"], record["subject"]) == ("Olga", "incident 4711", "main/alpha")
    assert record["before"] == f"main@sha1:{commits[2]}" and record["after"] == f"main@sha1:{commits[0]}"


def test_it_lasts_until_a_commit_touches_the_utility(agent, live):
    commits = versions(agent, live)
    rollback(agent, "alpha", "--to", commits[1])
    newest = commits[2]
    for end in (agent.kill, agent.stop):
        before = agent.raw()
        end()
        agent.start()
        agent.applied(newest, phase="synced")
        assert agent.raw() == before and agent.value("alpha") == "alpha 2"
        consistent(agent, live)
        live.write("beta", f"'{end.__name__}'")
        newest = live.commit_and_push()
        agent.applied(newest, phase="synced")
        assert agent.value("alpha") == "alpha 2" and agent.value("beta") == end.__name__
    # Pushed while no agent runs.
    agent.kill()
    live.write("alpha", "'alpha 4'")
    newer = live.commit_and_push()
    agent.start()
    status = agent.applied(newer, phase="synced")
    assert "rollbacks" not in status and agent.value("alpha") == "alpha 4"
    assert "rollback" not in consistent(agent, live)["sync"]
    ended, begun = [record for record in audit(agent) if record["action"] == "rollback"]
    assert ended["actor"] == "sync-agent" and "newer commit" in ended["reason"]
    assert begun["after"] == f"main@sha1:{commits[1]}"


# A start passes each point once, but for the first two.
@pytest.mark.parametrize(
    "fault",
    ["rollback.decided", "catalog.writing", "release.published:2", "rollout.active:2", "catalog.applied:2",
     "finished:2"],
)  # fmt: skip
def test_killed_in_a_rollback(agent, live, fault):
    commits = versions(agent, live, 2)
    agent.stop()
    agent.start(fault=fault)
    agent.applied(commits[1], phase="synced")
    # Settled means finished, too: the status is published one step before.
    assert agent.cli("sync").returncode == 0
    agent.note_processes()
    assert agent.cli("rollback", "demo", "alpha", "--reason", "why").returncode in (0, 1)
    assert agent.ended() == -signal.SIGKILL, "the fault point was not reached"
    agent.start()
    agent.wait(
        lambda: agent.branch()["phase"] == "synced"
        and agent.branch()["rollbacks"]["alpha"]["state"] == "applied",
        "it is applied",
    )
    assert agent.value("alpha") == "alpha 1"
    consistent(agent, live)
    assert len([record for record in audit(agent) if record["action"] == "rollback"]) == 1


def test_removed_and_renamed_under_a_rollback(agent, live):
    commits = versions(agent, live, 2)
    number = agent.entry("alpha")["id"]
    rollback(agent, "alpha")
    assert agent.value("alpha") == "alpha 1"
    live.write("delta", code=live.git("show", f"{commits[1]}:utils/alpha.py").replace("def alpha", "def delta"),
               renamed_from="alpha")  # fmt: skip
    live.remove("alpha")
    agent.applied(live.commit_and_push(), phase="synced")
    assert agent.entry("delta")["id"] == number and agent.value("delta") == "alpha 2"
    assert "rollbacks" not in agent.branch()
    live.write("delta", "'delta 3'")
    agent.applied(live.commit_and_push())
    rollback(agent, "delta")
    assert agent.value("delta") == "alpha 2"
    live.remove("delta")
    agent.applied(live.commit_and_push(), phase="synced")
    assert agent.entry("delta") is None and agent.call("delta", port=agent.active_port)[0] == 404
    assert "rollbacks" not in agent.branch()


def test_what_cannot_be_rolled_back(agent, live):
    commits = versions(agent, live, 2)
    live.write("alpha", code="import os\n\n\ndef alpha(data, filter):\n    return 1\n")
    bad = live.commit_and_push()
    agent.applied(bad, phase="degraded")
    before = agent.raw()
    for arguments, problem in (
        (("demo", "nobody", "--to", commits[0]), "no utility `nobody`"),
        (("demo", "alpha", "--to", "0" * 40), "no branch, tag or commit"),
        (("demo", "alpha", "--to", bad), "at that version already"),
        (("other", "alpha", "--to", commits[0]), "no tenant `other`"),
    ):
        refused = agent.cli("rollback", *arguments)
        assert refused.returncode == 1 and problem in refused.stderr, refused
        assert len(refused.stderr.strip().splitlines()) == 1
    assert agent.cli("rollback", "demo").returncode == 64
    assert agent.raw() == before and not [r for r in audit(agent) if r["action"] == "rollback"]
    # The refused version gives way; once it is no longer the newest, it cannot be put back.
    rollback(agent, "alpha", "--to", commits[0])
    assert agent.value("alpha") == "alpha 1" and agent.branch()["phase"] == "synced"
    live.write("alpha", "'alpha 4'")
    agent.applied(live.commit_and_push(), phase="synced")
    refused = agent.cli("rollback", "demo", "alpha", "--to", bad)
    assert refused.returncode == 1 and "NoImportOS" in refused.stderr
    assert agent.cli("tenant suspend", "demo", "--reason", "a break").returncode == 0
    refused = agent.cli("rollback", "demo", "alpha")
    assert refused.returncode == 1 and "suspended" in refused.stderr


def test_rolled_back_without_a_running_agent(agent, live):
    commits = versions(agent, live)
    agent.stop()
    rollback(agent, "alpha", "--reason", "at night")
    agent.start()
    agent.applied(commits[2], phase="synced")
    assert agent.value("alpha") == "alpha 2"
    consistent(agent, live)
    # The branch's own version ends it.
    assert "as main has it" in rollback(agent, "alpha", "--to", commits[2])
    assert agent.value("alpha") == "alpha 3" and "rollbacks" not in agent.branch()
    consistent(agent, live)
