"""The trial branch: drafts beside active entries, and what becomes of them."""


def draft(live, agent, text="'alpha trial'"):
    live.git("checkout", "-q", "-B", "trial")
    live.write("alpha", text)
    commit = live.commit_and_push("Try", branch="trial")
    agent.applied(commit, branch="trial", phase="synced")
    return commit


def test_a_draft_stands_beside_the_active_entry(agent, live):
    active = agent.raw()
    commit = draft(live, agent)
    entries = agent.entries()
    tried = entries["alpha", "draft"]
    assert tried["id"] == entries["alpha", "active"]["id"]
    assert tried["sync"]["revision"] == f"trial@sha1:{commit}" and tried["sync"]["branch"] == "trial"
    assert tried["rest_url"] == f"http://127.0.0.1:{agent.trial_port}/alpha"
    assert {key: value for key, value in agent.raw().items() if key[1] == "active"} == active
    assert [key for key in entries if key[1] == "draft"] == [("alpha", "draft")]
    assert agent.value("alpha", status="draft") == "alpha trial"
    assert agent.value("alpha") == "alpha 1"
    # The trial runtime serves every valid utility of its branch.
    assert agent.value("beta", port=agent.trial_port) == "old"
    assert set(agent.healthz(agent.trial_port)["utilities"]) == {"alpha", "beta", "gamma"}
    one = agent.get(f"/utils/v1/custom-utils/demo/{tried['id']}?status=draft")["data"]
    assert "alpha trial" in one["filecontents_instring"]
    assert agent.one(tried["id"])["status"] == "active"


def test_a_merge_makes_the_draft_active(agent, live):
    commit = draft(live, agent)
    number = agent.entry("alpha")["id"]
    live.git("checkout", "-q", "main")
    live.git("merge", "-q", "--no-ff", "-m", "Approve", "trial", author="Rita")
    agent.applied(live.push(), phase="synced")
    entries = agent.entries()
    assert ("alpha", "draft") not in entries
    after = entries["alpha", "active"]
    assert after["id"] == number
    assert (after["sync"]["revision"], after["sync"]["approved_by"]) == (f"main@sha1:{commit}", "Rita")
    assert agent.value("alpha") == "alpha trial"


def test_a_utility_only_on_trial_becomes_active_under_its_id(agent, live):
    live.git("checkout", "-q", "-B", "trial")
    live.write("fresh", "'fresh'")
    agent.applied(live.commit_and_push(branch="trial"), branch="trial")
    before = agent.entry("fresh", status="draft")
    assert agent.entry("fresh") is None
    assert agent.call("fresh", port=agent.active_port)[0] == 404
    assert agent.value("fresh", status="draft") == "fresh"
    live.git("checkout", "-q", "main")
    live.git("merge", "-q", "--ff-only", "trial")
    agent.applied(live.push(), phase="synced")
    after = agent.entry("fresh")
    assert (after["id"], after["createddate"]) == (before["id"], before["createddate"])
    assert agent.entry("fresh", status="draft") is None
    assert agent.value("fresh") == "fresh"


def test_deleting_the_branch_retires_its_drafts(agent, live):
    live.git("checkout", "-q", "-B", "trial")
    live.write("alpha", "'alpha trial'")
    live.write("fresh", "'fresh'")
    agent.applied(live.commit_and_push(branch="trial"), branch="trial")
    number = agent.entry("fresh", status="draft")["id"]
    live.git("push", "-q", "origin", ":trial")
    agent.wait(lambda: agent.branch(branch="trial") is None, "the branch is gone from the status")
    entries = agent.entries()
    assert not [key for key in entries if key[1] == "draft"]
    assert entries["fresh", "inactive"]["id"] == number
    assert agent.value("alpha") == "alpha 1"
    # And it may come back.
    agent.applied(live.push(branch="trial"), branch="trial")
    assert agent.entry("fresh", status="draft")["id"] == number
    assert agent.value("alpha", status="draft") == "alpha trial"


def test_a_broken_draft_harms_nobody(agent, live):
    draft(live, agent)
    live.put("utils/alpha.py", "import os\n")
    live.write("beta", "'beta trial'")
    agent.applied(live.commit_and_push(branch="trial"), branch="trial", phase="degraded")
    assert agent.entry("alpha", status="draft")["quarantine"]["findings"]
    assert agent.entry("alpha")["quarantine"] is None
    assert agent.value("alpha", status="draft") == "alpha trial"
    assert agent.value("beta", status="draft") == "beta trial"
    assert agent.value("alpha") == "alpha 1"
    assert agent.branch()["phase"] == "synced"


def test_draft_in_the_metadata_keeps_a_utility_off_the_main_runtime(agent, live):
    live.write("hidden", "'hidden'", draft=True)
    agent.applied(live.commit_and_push(), phase="synced")
    before = agent.entry("hidden", status="draft")
    assert agent.value("hidden", status="draft") == "hidden"
    assert agent.call("hidden", port=agent.active_port)[0] == 404
    live.write("hidden", "'hidden'")
    agent.applied(live.commit_and_push(), phase="synced")
    assert agent.entry("hidden")["id"] == before["id"]
    assert agent.entry("hidden", status="draft") is None
    assert agent.value("hidden") == "hidden"
    live.write("hidden", "'hidden'", draft=True)
    agent.applied(live.commit_and_push(), phase="synced")
    assert agent.entry("hidden", status="draft")["id"] == before["id"]
    assert agent.entry("hidden") is None


def test_drafts_outlive_a_restart(agent, live):
    commit = draft(live, agent)
    before = agent.raw()
    agent.stop()
    agent.start()
    agent.applied(commit, branch="trial", phase="synced")
    assert agent.raw() == before
    assert agent.value("alpha", status="draft") == "alpha trial"


def test_a_rename_on_trial_keeps_the_id(agent, live):
    code = "def alpha(data, filter):\n" + "".join(
        f"    part_{number} = str(data)[{number}:]\n" for number in range(12)
    ) + "    return part_0\n"  # fmt: skip
    live.write("alpha", code=code)
    agent.applied(live.commit_and_push())
    number = agent.entry("alpha")["id"]
    live.git("checkout", "-q", "-B", "trial")
    live.git("mv", "utils/alpha.py", "utils/omega.py")
    live.git("mv", "utils/alpha.yaml", "utils/omega.yaml")
    live.put("utils/omega.py", code.replace("alpha", "omega"))
    agent.applied(live.commit_and_push(branch="trial"), branch="trial", phase="synced")
    assert agent.entry("omega", status="draft")["id"] == number
    assert agent.entry("alpha")["id"] == number
    live.git("checkout", "-q", "main")
    live.git("merge", "-q", "--ff-only", "trial")
    agent.applied(live.push(), phase="synced")
    assert {key: entry["id"] for key, entry in agent.entries().items() if entry["id"] == number} == {
        ("omega", "active"): number
    }
