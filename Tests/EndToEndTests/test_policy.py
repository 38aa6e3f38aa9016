"""What the operator's policy holds back, and how it is let through."""

import json

import pytest


@pytest.fixture
def many(agent, demo):
    """The tenant with twelve further utilities."""
    for number in range(12):
        demo.write(f"extra_{number}", str(number))
    demo.commit("Many")
    agent.start()
    agent.applied(demo.push())
    return demo


def held(agent, commit, tenant="demo"):
    """Waits until `commit` is held; the branch's status."""
    revision = f"main@sha1:{commit}"

    def found():
        status = agent.branch(tenant)
        return status if status["phase"] == "held" and status["observed"] == revision else None

    return agent.wait(found, f"{revision} is held")


def audit(agent, *arguments):
    result = agent.cli("audit", "--format", "json", *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["records"]


def rewrite(tenant):
    """A forced push that drops the newest commit; the abandoned and the new one."""
    tenant.write("alpha", "'alpha 2'")
    abandoned = tenant.commit_and_push()
    tenant.git("reset", "-q", "--hard", "HEAD~1")
    tenant.write("alpha", "'alpha 3'")
    tenant.commit("Another way")
    return abandoned, lambda: tenant.push("--force")


def test_a_rewrite_is_held_and_what_runs_goes_on(agent, live):
    abandoned, force = rewrite(live)
    agent.applied(abandoned)
    before = agent.raw()
    commit = force()
    status = held(agent, commit)
    assert status["applied"] == f"main@sha1:{abandoned}"
    assert "rewritten" in status["report"]["held"]["reason"]
    assert f"sync-agent approve demo {commit[:12]}" in status["report"]["held"]["reason"]
    assert agent.raw() == before and agent.value("alpha") == "alpha 2"
    assert agent.get(f"/utils/v1/sync/demo/commits/{commit}")["data"]["state"] == "held"

    shown = agent.cli("status")
    assert shown.returncode == 3 and "held" in shown.stdout and "approve" in shown.stdout
    planned = agent.cli("plan", "--format", "json")
    answer = json.loads(planned.stdout)["tenants"][0]
    assert planned.returncode == 3 and "rewritten" in answer["held"]["reason"]
    assert [change["name"] for change in answer["changes"]] == ["alpha"]
    synced = agent.cli("sync", "--format", "json")
    assert synced.returncode == 3
    assert json.loads(synced.stdout)["tenants"][0]["branches"][0]["held"]

    # A restart, also after the repository forgot what runs, changes nothing of it.
    agent.kill()
    live._run("git", "update-ref", "-d", "refs/sync/applied/main", cwd=live.bare)
    live._run("git", "reflog", "expire", "--expire=now", "--all", cwd=live.bare)
    live._run("git", "gc", "-q", "--prune=now", cwd=live.bare)
    agent.start()
    held(agent, commit)
    assert agent.raw() == before and agent.value("alpha") == "alpha 2"


def test_approving_a_held_revision(agent, live):
    abandoned, force = rewrite(live)
    agent.applied(abandoned)
    commit = force()
    held(agent, commit)
    for wrong, problem in ((abandoned, "is not held"), ("0" * 40, "no commit's id begins")):
        refused = agent.cli("approve", "demo", wrong, "--reason", "why not")
        assert refused.returncode == 1 and problem in refused.stderr, refused
    assert agent.cli("approve", "demo", commit, "--reason", " ").returncode != 0
    result = agent.cli("approve", "demo", commit[:10], "--reason", "the leak is gone", "--as", "Olga")
    assert result.returncode == 0, result.stderr
    agent.applied(commit, phase="synced")
    assert agent.value("alpha") == "alpha 3"
    approved, hold = [r for r in audit(agent) if r["action"] in ("approve", "hold")]
    assert (approved["actor"], approved["reason"]) == ("Olga", "the leak is gone")
    assert approved["before"] == f"main@sha1:{abandoned}" and approved["after"] == f"main@sha1:{commit}"
    assert hold["actor"] == "sync-agent" and "rewritten" in hold["reason"]
    # The next ordinary push needs nobody's word, and a further rewrite needs a new one.
    live.write("alpha", "'alpha 4'")
    agent.applied(live.commit_and_push())
    live.git("commit", "-q", "--amend", "-m", "Rewritten")
    held(agent, live.push("--force"))


def test_a_rewrite_taken_back_is_no_longer_held(agent, live):
    abandoned, force = rewrite(live)
    agent.applied(abandoned)
    held(agent, force())
    live.git("reset", "-q", "--hard", abandoned)
    live.push("--force")
    agent.applied(abandoned, phase="synced")


def test_approval_without_a_running_agent(agent, live):
    abandoned, force = rewrite(live)
    agent.applied(abandoned)
    agent.stop()
    commit = force()
    assert agent.cli("sync").returncode == 3
    assert agent.cli("approve", "demo", commit, "--reason", "checked").returncode == 0
    agent.start()
    agent.applied(commit)


def test_the_trial_branch_goes_on_while_the_approved_one_is_held(agent, live):
    abandoned, force = rewrite(live)
    agent.applied(abandoned)
    held(agent, force())
    live.git("checkout", "-q", "-B", "work", abandoned)
    live.write("delta", "'trial'")
    live.commit()
    agent.applied(live.push(branch="trial"), branch="trial")
    assert ("delta", "draft") in agent.entries()
    assert agent.branch()["phase"] == "held"


def test_removing_most_utilities_at_once_is_held(agent, many):
    before = agent.raw()
    for number in range(8):
        many.remove(f"extra_{number}")
    commit = many.commit_and_push("Clean up")
    reason = held(agent, commit)["report"]["held"]["reason"]
    assert "8 of 15 live utilities" in reason and "policy.max_removals" in reason
    assert agent.raw() == before
    assert "8 of 15" in json.loads(agent.cli("plan", "--format", "json").stdout)["tenants"][0]["held"]["reason"]
    # A push on top that restores enough of them is applied, and the rest is gone.
    for number in range(4):
        many.write(f"extra_{number}", str(number))
    agent.applied(many.commit_and_push(), phase="synced")
    gone = {name for (name, status) in agent.entries() if status == "inactive"}
    assert gone == {f"extra_{number}" for number in range(4, 8)}
    assert {r["subject"] for r in audit(agent) if r["action"] == "remove"} == {
        f"main/extra_{number}" for number in range(4, 8)
    }


def test_a_mass_removal_can_be_approved(agent, many):
    for number in range(12):
        many.remove(f"extra_{number}")
    commit = many.commit_and_push("Clean up")
    held(agent, commit)
    assert agent.cli("approve", "demo", commit, "--reason", "agreed").returncode == 0
    agent.applied(commit, phase="synced")
    assert {name for (name, status) in agent.entries() if status == "active"} == {"alpha", "beta", "gamma"}


def test_a_small_tenant_may_start_anew(agent, live):
    for name, folder in (("alpha", "utils"), ("beta", "utils"), ("gamma", "utils/more")):
        live.remove(name, folder)
    live.write("omega")
    agent.applied(live.commit_and_push(), phase="synced")


def test_only_merges_by_another_are_approved(agent, demo):
    agent.settings["policy.approval"] = "merge"
    agent.start()
    first = demo.push()
    agent.applied(first)
    demo.write("alpha", "'direct'")
    direct = demo.commit_and_push(author="Dana")
    assert "without a merge" in held(agent, direct)["report"]["held"]["reason"]
    assert agent.value("alpha") == "alpha 1"
    demo.git("reset", "-q", "--hard", first)
    demo.push("--force")
    agent.applied(first)

    def merged(author, committer):
        demo.git("checkout", "-q", "-B", "work", first)
        demo.write("alpha", f"'by {author}, merged by {committer}'")
        demo.commit("Work", author=author)
        demo.git("checkout", "-q", "-B", "main", first)
        demo.git("merge", "-q", "--no-ff", "-m", "Merge", "work", author=committer)
        return demo.push("--force")

    assert "their own" in held(agent, merged("Dana", "Dana"))["report"]["held"]["reason"]
    commit = merged("Omar", "Rita")
    agent.applied(commit, phase="synced")
    assert agent.value("alpha") == "by Omar, merged by Rita"
    assert agent.entry("alpha")["sync"]["approved_by"] == "Rita"


def test_a_tenant_may_tighten_and_not_loosen(agent, demo):
    agent.settings["policy.history"] = "any"
    demo.put("tenant.yaml", "policy:\n  approval: merge\n  history: any\n  max_removals: 1\n")
    agent.start()
    first = demo.commit_and_push()
    agent.applied(first)
    demo.put("tenant.yaml", "policy:\n  approval: none\n")
    commit = demo.commit_and_push("Loosen it")
    assert "without a merge" in held(agent, commit)["report"]["held"]["reason"]


def test_suspending_and_resuming(agent, live):
    result = agent.cli("tenant suspend", "demo", "--reason", "incident 4711", "--as", "Olga")
    assert result.returncode == 0 and "suspended" in result.stdout, result.stderr
    assert agent.branch()["phase"] == "suspended"
    live.write("alpha", "'alpha 2'")
    commit = live.commit_and_push()
    assert agent.cli("sync").returncode == 3, "an unapplied commit is not applied"
    assert agent.value("alpha") == "alpha 1"
    assert "incident 4711" in agent.cli("status").stdout
    assert "suspended" in agent.cli("tenant list").stdout
    again = agent.cli("tenant suspend", "demo", "--reason", "again")
    assert again.returncode == 1 and "already" in again.stderr
    agent.kill()
    agent.start()
    agent.wait(lambda: agent.branch()["phase"] == "suspended", "it is suspended after a restart")
    agent.wait(lambda: agent.value("alpha") == "alpha 1", "the last release is served")
    assert agent.cli("tenant resume", "demo", "--reason", "closed", "--as", "Olga").returncode == 0
    agent.applied(commit, phase="synced")
    assert agent.value("alpha") == "alpha 2"
    assert [(r["action"], r["reason"]) for r in audit(agent)][:2] == [
        ("resume", "closed"), ("suspend", "incident 4711"),
    ]  # fmt: skip
    assert agent.cli("tenant resume", "demo", "--reason", "x").returncode == 1
    assert agent.cli("tenant suspend", "nobody", "--reason", "x").returncode == 1


@pytest.mark.parametrize("command, place", [("suspend", "suspension.decided"), ("resume", "resumption.shown")])
def test_killed_while_a_suspension_begins_or_ends(agent, demo, command, place):
    demo.push()
    assert agent.cli("sync").returncode == 0
    if command == "resume":
        assert agent.cli("tenant suspend", "demo").returncode == 0
    killed = agent.cli(f"tenant {command}", "demo", env={"SYNC_AGENT_FAULT": place})
    assert killed.returncode == -9
    for name in ("tenant list", "status"):
        assert "suspended" in agent.cli(name).stdout
    demo.write("alpha", "'alpha 2'")
    commit = demo.commit_and_push()
    assert agent.cli("sync").returncode == 3
    assert agent.cli("tenant resume", "demo").returncode == 0
    assert "suspended" not in agent.cli("tenant list").stdout
    status = json.loads(agent.cli("status", "--format", "json").stdout)["tenants"][0]
    assert status["status"] == "active" and status["branches"][0]["applied"] == f"main@sha1:{commit}"


def test_a_reason_may_be_left_out(agent, demo):
    demo.push()
    agent.cli("sync")
    for command in ("suspend", "resume"):
        result = agent.cli(f"tenant {command}", "demo", "--as", "Olga")
        assert result.returncode == 0, result.stderr
    for record in audit(agent):
        assert record["actor"] == "Olga" and record["reason"] == ""


def test_a_rollback_is_told_while_the_branch_is_held(agent, live):
    live.write("beta", "'beta 2'")
    abandoned, force = rewrite(live)
    agent.applied(abandoned)
    assert agent.cli("rollback", "demo", "beta", "--as", "Olga").returncode == 0
    held(agent, force())
    note = agent.cli("status").stdout
    assert "rewritten" in note and "beta is rolled back" in note


def test_the_audit_tells_of_quarantines_and_is_never_changed(agent, live):
    live.write("alpha", code="def alpha(data, filter):\n    return eval(data)\n")
    commit = live.commit_and_push()
    agent.applied(commit, phase="degraded")
    record = audit(agent, "--tenant", "demo")[0]
    assert record["action"] == "quarantine" and record["subject"] == "main/alpha"
    assert "NoExec" in record["reason"] and record["after"] == f"main@sha1:{commit}"
    live.put("README.md", "Something else.\n")
    agent.applied(live.commit_and_push(), phase="degraded")
    assert len(audit(agent)) == 1, "told once"
    text = agent.cli("audit").stdout
    assert "quarantine" in text and "sync-agent" in text
