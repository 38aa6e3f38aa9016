"""Tenants that come, go, break, and must not notice each other."""

import json
import os
import shutil

import pytest


def push_one(tenant, text, name="one"):
    tenant.write(name, f"'{text}'")
    return tenant.commit_and_push()


def answers(agent):
    try:
        return agent.call("alpha", port=agent.active_port)[1]["data"] == "alpha 1"
    except OSError:
        return False


def test_two_tenants_have_numbers_ports_and_code_of_their_own(agent):
    red, blue = agent.tenant("red"), agent.tenant("blue")
    first, second = push_one(red, "red"), push_one(blue, "blue")
    agent.start()
    agent.applied(first, "red")
    agent.applied(second, "blue")
    one, other = agent.entry("one", "red"), agent.entry("one", "blue")
    assert one["id"] == other["id"] == 1001
    assert one["port"] != other["port"]
    assert (one["tenantcode"], other["tenantcode"]) == ("red", "blue")
    assert (agent.value("one", tenant="red"), agent.value("one", tenant="blue")) == ("red", "blue")
    before = agent.raw("blue")
    agent.applied(push_one(red, "red 2"), "red")
    assert agent.value("one", tenant="red") == "red 2"
    assert agent.raw("blue") == before
    tenants = agent.get("/utils/v1/sync")["data"]["tenants"]
    assert [tenant["tenantcode"] for tenant in tenants] == ["blue", "red"]


def test_a_tenant_appears_while_the_agent_runs(agent, live):
    other = agent.tenant("newcomer")
    agent.applied(push_one(other, "hello"), "newcomer")
    assert agent.value("one", tenant="newcomer") == "hello"
    agent.applied(push_one(other, "again"), "newcomer")
    assert agent.value("one", tenant="newcomer") == "again"
    assert agent.value("alpha") == "alpha 1"


def test_a_non_bare_repository_is_a_tenant(agent):
    tenant = agent.tenant("bench")
    commit = push_one(tenant, "from a work tree")
    shutil.rmtree(tenant.bare)
    agent.start()
    tenant._run("git", "clone", "-q", str(tenant.clone), "bench.staging", cwd=agent.folder)
    (agent.folder / "bench.staging").rename(agent.folder / "repos/bench")
    agent.applied(commit, "bench")
    assert agent.value("one", tenant="bench") == "from a work tree"


def test_a_broken_repository_holds_nobody_up(agent, live):
    before = agent.raw()
    other = agent.tenant("broken")
    commit = push_one(other, "fine")
    agent.applied(commit, "broken")
    # The blob of the next version is cut off, as by a bad disk.
    other.write("one", "'never readable'")
    other.commit()
    blob = other.git("rev-parse", "HEAD:utils/one.py").strip()
    other.push()
    path = other.bare / "objects" / blob[:2] / blob[2:]
    status = None
    if path.exists():
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:5])
    agent.kill()
    shutil.rmtree(agent.data)
    agent.data.mkdir()
    agent.start()
    agent.applied(live.head())
    status = agent.wait(
        lambda: (found := agent.branch("broken")) and found["phase"] in ("failed", "degraded") and found,
        "the broken tenant says so",
    )
    text = status["report"].get("error") or str(status["report"]["quarantined"])
    assert text and str(agent.folder) not in text
    live.write("alpha", "'alpha 2'")
    agent.applied(live.commit_and_push())
    assert agent.value("alpha") == "alpha 2"
    assert agent.entry("beta")["id"] == 1002 and len(agent.raw()) == len(before)
    # The object is mended, and a push gets through.
    path.unlink()
    shutil.copy(other.clone / ".git/objects" / blob[:2] / blob[2:], path)
    agent.applied(push_one(other, "well again"), "broken", phase="synced")
    assert agent.value("one", tenant="broken") == "well again"


def test_garbage_in_the_root_is_no_tenant_and_no_harm(agent, demo):
    commit = demo.push()
    for name in ("not-a-repo.git", "Upper.git", ".hidden.git", "sp ace.git"):
        (agent.folder / "repos" / name).mkdir()
    (agent.folder / "repos/file.git").write_text("a file\n")
    agent.start()
    agent.applied(commit)
    assert agent.value("alpha") == "alpha 1"
    codes = [tenant["tenantcode"] for tenant in agent.get("/utils/v1/sync")["data"]["tenants"]]
    assert set(codes) <= {"demo", "not-a-repo"}


def test_an_empty_repository_waits_for_its_first_push(agent):
    agent.tenant("early")
    agent.start()
    status = agent.failed("early")
    assert "early.git" in status["report"]["error"] or "main" in status["report"]["error"]
    other = agent.tenant("late")
    agent.applied(push_one(other, "there"), "late")
    assert agent.value("one", tenant="late") == "there"


def test_a_repository_that_goes_leaves_entries_and_runtime_and_comes_back(agent, live):
    before = agent.raw()
    away = agent.folder / "away.git"
    live.bare.rename(away)
    status = agent.failed()
    assert "gone" in status["report"]["error"]
    assert agent.raw() == before
    assert agent.value("alpha") == "alpha 1"
    assert agent.http("/health/ready").status == 200
    away.rename(live.bare)
    agent.wait(lambda: agent.branch()["phase"] == "synced", "it is synced again")
    assert agent.raw() == before
    live.write("alpha", "'alpha 2'")
    agent.applied(live.commit_and_push(), phase="synced")
    assert agent.value("alpha") == "alpha 2"


def test_a_repository_that_is_gone_at_the_start_still_has_its_entries(agent, live):
    before = agent.raw()
    agent.stop()
    away = agent.folder / "away.git"
    live.bare.rename(away)
    agent.start()
    assert agent.raw() == before
    away.rename(live.bare)
    agent.wait(lambda: answers(agent), "it is served again")
    agent.applied(live.head(), phase="synced")
    assert agent.raw() == before


def test_a_tenant_is_not_called_synced_before_it_is_served(agent, live):
    agent.stop()
    away = agent.folder / "away.git"
    live.bare.rename(away)
    agent.start()
    away.rename(live.bare)

    def synced():
        branch = agent.branch()
        return branch and branch["phase"] == "synced"

    agent.wait(synced, "it says synced")
    assert answers(agent), "said synced, and nothing answers"


def test_a_repository_that_is_gone_at_the_start_is_told_in_the_status(agent, live):
    agent.stop()
    live.bare.rename(agent.folder / "away.git")
    agent.start()
    assert agent.branch() is not None, "the tenant is unknown to /utils/v1/sync"
    assert "gone" in agent.failed()["report"]["error"]


def test_a_repository_that_is_gone_at_the_start_still_has_its_runtime(agent, live):
    agent.stop()
    live.bare.rename(agent.folder / "away.git")
    agent.start()
    agent.wait(lambda: answers(agent), "the last release is served")


def test_a_renamed_repository_is_another_tenant(agent, live):
    before, commit = agent.raw(), live.head()
    live.bare.rename(agent.folder / "repos/second.git")
    agent.applied(commit, "second")
    assert agent.value("alpha", tenant="second") == "alpha 1"
    agent.failed()
    assert agent.raw() == before
    assert agent.entry("alpha", "second")["port"] != agent.entry("alpha")["port"]


def test_a_missing_approved_branch_keeps_what_runs(agent, live):
    before = agent.raw()
    live._run("git", "update-ref", "-d", "refs/heads/main", cwd=live.bare)
    assert "main" in agent.failed()["report"]["error"]
    assert agent.raw() == before
    assert agent.value("alpha") == "alpha 1"
    agent.applied(live.push(), phase="synced")
    assert agent.raw() == before


def test_after_a_commit_that_cannot_be_read_a_restart_serves_the_last_good_one(agent, live):
    before = agent.raw()
    live.put("utils/" + "d/" * 80 + "deep.py", "x = 1\n")
    live.commit_and_push()
    agent.failed()
    assert agent.value("alpha") == "alpha 1"
    agent.kill()
    agent.start()
    agent.failed()
    assert agent.value("alpha") == "alpha 1" and agent.raw() == before
    live.git("revert", "--no-edit", "HEAD")
    agent.applied(live.push(), phase="synced")
    assert agent.value("alpha") == "alpha 1"


def test_a_trial_branch_that_cannot_be_read_holds_nobody_else_up(agent, live):
    live.git("checkout", "-q", "-b", "trial")
    live.put("utils/" + "d/" * 80 + "deep.py", "x = 1\n")
    live.commit_and_push(branch="trial")
    agent.failed(branch="trial")
    live.git("checkout", "-q", "main")
    live.write("alpha", "'alpha 2'")
    agent.applied(live.commit_and_push(), phase="synced")
    assert agent.value("alpha") == "alpha 2"
    assert agent.cli("sync").returncode != 0, "the trial branch failed"
    planned = agent.cli("plan")
    assert "deep" in planned.stdout or "levels" in planned.stdout, planned
    live._run("git", "update-ref", "-d", "refs/heads/trial", cwd=live.bare)
    agent.wait(lambda: not agent.branch(branch="trial"), "the trial branch is gone")


def lose(tenant, agent):
    """The repository goes; gives what brings it back."""
    away = agent.folder / "away.git"
    tenant.bare.rename(away)
    return lambda: away.rename(tenant.bare)


def damage(tenant, agent):
    """The repository stays, and git cannot open it."""
    head = (tenant.bare / "HEAD").read_bytes()
    (tenant.bare / "HEAD").unlink()
    return lambda: (tenant.bare / "HEAD").write_bytes(head)


def forbid(tenant, agent):
    """The repository belongs to somebody else; without root it is closed instead."""
    if os.geteuid() == 0:
        os.chown(tenant.bare, 12345, -1)
        return lambda: os.chown(tenant.bare, 0, -1)
    tenant.bare.chmod(0)
    return lambda: tenant.bare.chmod(0o755)


def tenant_state(agent, code="demo"):
    return agent.get(f"/utils/v1/sync/{code}")["data"]["status"]


def told(agent):
    """The tenant list's status of `demo`."""
    answer = agent.cli("tenant list", "--format", "json")
    assert answer.returncode == 0, answer.stderr
    return {row["tenantcode"]: row["status"] for row in json.loads(answer.stdout)["tenants"]}["demo"]


@pytest.mark.parametrize("harm", [lose, damage, forbid])
def test_an_orphan_keeps_everything_says_the_way_out_and_goes_on_by_itself(agent, live, harm):
    before, port = agent.raw(), agent.active_port
    mend = harm(live, agent)
    if harm is not lose:
        agent.cli("sync", "--tenant", "demo")  # a change of owner is no hint

    def orphaned():
        return tenant_state(agent) == "orphaned" and agent.branch()["phase"] == "failed"

    agent.wait(orphaned, "it is orphaned")
    for restart in (False, True):
        if restart:
            agent.stop()
            assert told(agent) == "orphaned"
            without = agent.cli("status", "--format", "json")
            assert json.loads(without.stdout)["tenants"][0]["status"] == "orphaned"
            agent.start()
            agent.wait(orphaned, "it is orphaned after a restart")
            agent.wait(lambda: answers(agent), "the last release is served after a restart")
        assert agent.raw() == before
        assert agent.value("alpha", port=port) == "alpha 1"
        way_out = "sync-agent tenant remove demo --confirm"
        assert way_out in agent.branch()["report"]["error"]
        status = agent.cli("status")
        assert status.returncode == 3 and way_out in status.stdout
        assert told(agent) == "orphaned"
        assert str(agent.folder) not in agent.branch()["report"]["error"]

        def health():
            check = json.loads(agent.http("/health").body)["checks"]["repositories"]
            return check["status"] == "degraded" and "1 of 1 tenants are orphaned" in check["message"] and check

        assert "tenant remove" in agent.wait(health, "the health says so")["message"]
        assert agent.http("/health/ready").status == 200
    mend()
    agent.wait(lambda: tenant_state(agent) == "active" and agent.branch()["phase"] == "synced", "it goes on")
    assert told(agent) == "active" and agent.raw() == before
    live.write("alpha", "'alpha 2'")
    agent.applied(live.commit_and_push(), phase="synced")
    assert agent.value("alpha") == "alpha 2"


def test_a_suspended_tenant_stays_suspended_when_its_repository_goes_and_comes(agent, live):
    answer = agent.cli("tenant suspend", "demo", "--reason", "a test")
    assert answer.returncode == 0, answer.stderr
    mend = lose(live, agent)
    agent.cli("sync")
    assert told(agent) == tenant_state(agent) == "suspended"
    assert agent.value("alpha") == "alpha 1"
    answer = agent.cli("tenant resume", "demo", "--reason", "the test goes on")
    assert answer.returncode == 0, answer.stderr
    assert told(agent) == tenant_state(agent) == "orphaned"
    mend()
    agent.wait(lambda: agent.branch()["phase"] == "synced", "it is synced again")
    assert told(agent) == "active"


def test_one_orphan_harms_no_other_tenant(agent, live):
    other = agent.tenant("other")
    agent.applied(push_one(other, "fine"), "other")
    lose(live, agent)
    agent.wait(lambda: tenant_state(agent) == "orphaned", "it is orphaned")
    agent.applied(push_one(other, "still fine"), "other", phase="synced")
    assert agent.value("one", tenant="other") == "still fine" and tenant_state(agent, "other") == "active"
