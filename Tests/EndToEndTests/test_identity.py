"""An id stays with its utility: through the real agent, real pushes, and what it missed."""

import pytest

LINES = 20


def code(name, seed, edited=0):
    """Twenty lines of one seed under a function's name."""
    lines = [f"    v{line} = '{seed} {line}{' edited' if line < edited else ''}'" for line in range(LINES)]
    return "\n".join([f"def {name}(data, filter):", *lines, f"    return '{seed}'", ""])


def put(tenant, name, seed, edited=0, **metadata):
    tenant.write(name, code=code(name, seed, edited), **metadata)


def ids(agent, status="active"):
    return {name: entry["id"] for (name, kind), entry in agent.entries().items() if kind == status}


@pytest.fixture
def three(agent):
    """An agent that serves `one`, `two` and `three`, and the tenant."""
    tenant = agent.tenant()
    for name in ("one", "two", "three"):
        put(tenant, name, name)
    commit = tenant.commit_and_push()
    agent.start()
    agent.applied(commit, phase="synced")
    return tenant, ids(agent)


def test_swapped_names_swap_their_ids(agent, three):
    tenant, before = three
    put(tenant, "one", "two", edited=3)
    put(tenant, "two", "one")
    agent.applied(tenant.commit_and_push(), phase="synced")
    after = ids(agent)
    assert after == {"one": before["two"], "two": before["one"], "three": before["three"]}
    assert (agent.value("one"), agent.value("two")) == ("two", "one")


def test_a_chain_of_renames_in_one_push(agent, three):
    tenant, before = three
    for step, name in enumerate(("first", "second", "third"), 1):
        tenant.remove(("one", "first", "second")[step - 1])
        put(tenant, name, "one", edited=step * 7)
        tenant.commit(name)
    put(tenant, "one", "new")
    agent.applied(tenant.commit_and_push(), phase="synced")
    after = ids(agent)
    assert after["third"] == before["one"] and after["one"] not in before.values()
    assert set(after) == {"third", "one", "two", "three"}
    assert agent.entry("third")["createddate"] <= agent.entry("one")["createddate"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_history_that_was_missed(agent, three, end):
    tenant, before = three
    getattr(agent, end)()
    # Each commit alone is clear; the first and the last tree together would not be.
    tenant.remove("one")
    put(tenant, "spare", "one")
    tenant.commit()
    tenant.remove("two")
    put(tenant, "one", "two", edited=6)
    tenant.commit()
    tenant.remove("spare")
    put(tenant, "two", "one", edited=6)
    tenant.commit()
    tenant.git("checkout", "-q", "-b", "side", "HEAD~2")
    tenant.remove("three")
    put(tenant, "Third", "three", edited=6)
    tenant.commit()
    put(tenant, "Third", "three", edited=12)
    tenant.commit()
    tenant.git("checkout", "-q", "main")
    tenant.git("merge", "-q", "--no-ff", "-m", "Merge", "side", author="Rita")
    commit = tenant.push()
    agent.start()
    agent.applied(commit, phase="synced")
    assert ids(agent) == {"one": before["two"], "two": before["one"], "Third": before["three"]}
    third = agent.entry("Third")["sync"]
    assert third["approved_by"] == "Rita"
    assert third["revision"].endswith(tenant.git("log", "-1", "--format=%H", "--", "utils/Third.py").strip())


def test_the_trial_branch_is_deleted_while_the_agent_is_down(agent, three):
    tenant, before = three
    tenant.git("checkout", "-q", "-b", "trial")
    tenant.remove("one")
    put(tenant, "uno", "one", edited=5)
    put(tenant, "fresh", "fresh")
    agent.applied(tenant.commit_and_push(branch="trial"), branch="trial", phase="synced")
    drafts = ids(agent, "draft")
    assert drafts["uno"] == before["one"] and ids(agent) == before
    agent.stop()
    tenant.git("push", "-q", "origin", ":trial")
    tenant.git("checkout", "-q", "main")
    put(tenant, "three", "three", edited=2)
    commit = tenant.commit_and_push()
    agent.start()
    agent.applied(commit, phase="synced")
    assert ids(agent) == before and ids(agent, "draft") == {}
    assert ids(agent, "inactive") == {"fresh": drafts["fresh"]}
    # Merged in the end: the rename and the new one under the ids that they had.
    tenant.git("merge", "-q", "--no-ff", "-m", "Merge", "trial")
    agent.applied(tenant.push(), phase="synced")
    assert ids(agent) == {
        "uno": before["one"], "two": before["two"], "three": before["three"], "fresh": drafts["fresh"],
    }  # fmt: skip


def test_a_revert_gives_the_names_back(agent, three):
    tenant, before = three
    tenant.remove("one")
    put(tenant, "other", "something else", renamed_from="one")
    agent.applied(tenant.commit_and_push(), phase="synced")
    assert ids(agent)["other"] == before["one"]
    tenant.git("revert", "--no-edit", "HEAD")
    agent.applied(tenant.push(), phase="synced")
    assert ids(agent) == before
    tenant.remove("two")
    agent.applied(tenant.commit_and_push(), phase="synced")
    tenant.git("revert", "--no-edit", "HEAD")
    agent.applied(tenant.push(), phase="synced")
    assert ids(agent) == before


def test_what_was_ambiguous_is_told(agent, three):
    tenant, before = three
    tenant.remove("one")
    put(tenant, "two", "one", edited=1)
    agent.applied(tenant.commit_and_push(), phase="synced")
    assert ids(agent)["two"] == before["one"] and ids(agent, "inactive") == {"two": before["two"]}
    notes = agent.branch()["report"]["notes"]
    assert [note["name"] for note in notes] == ["two"] and "replaced" in notes[0]["message"]
