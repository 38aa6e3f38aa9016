"""Pushes to the approved branch: edits, broken ones, renames, removals, shared modules."""

import hashlib
import re

import pytest

BROKEN = "def alpha(data, filter):\n    value = 1\n    return eval(data)\n"
UNPARSABLE = "def alpha(data, filter):\n    return (\n"


def test_an_edit_is_served_and_leaves_the_others_alone(agent, live):
    before, raw = agent.entry("alpha"), agent.raw()
    tag = agent.http("/utils/v1/custom-utils/demo/-/-").headers["ETag"]
    live.write("alpha", "'alpha 2'")
    commit = live.commit_and_push(author="Omar")
    status = agent.applied(commit, phase="synced")
    after = agent.entry("alpha")
    assert agent.value("alpha") == "alpha 2"
    assert after["filehash"] == hashlib.sha256((live.clone / "utils/alpha.py").read_bytes()).hexdigest()
    assert after["filehash"] != before["filehash"] and after["metahash"] == before["metahash"]
    assert (after["id"], after["createddate"]) == (before["id"], before["createddate"])
    assert after["updateddate"] > before["updateddate"]
    assert (after["sync"]["revision"], after["sync"]["author"]) == (f"main@sha1:{commit}", "Omar")
    assert status["report"]["changes"] == {"update": 1}
    assert {key: value for key, value in agent.raw().items() if key[0] != "alpha"} == {
        key: value for key, value in raw.items() if key[0] != "alpha"
    }
    assert agent.http("/utils/v1/custom-utils/demo/-/-").headers["ETag"] != tag
    assert agent.list()["data"][0]["name"] == "alpha", "newest first"


def test_an_edit_of_the_metadata_alone(agent, live):
    before = agent.entry("alpha")
    live.write("alpha", "'alpha 1'", description="Better said.", timeout=3)
    agent.applied(live.commit_and_push())
    after = agent.entry("alpha")
    assert after["description"] == "Better said."
    assert after["filehash"] == before["filehash"] and after["metahash"] != before["metahash"]
    assert agent.value("alpha") == "alpha 1"


def test_a_commit_that_touches_no_utility_writes_nothing(agent, live):
    before = agent.raw()
    live.put("README.md", "Only words.\n")
    status = agent.applied(live.commit_and_push())
    assert status["report"]["changes"] == {}
    assert agent.raw() == before


def test_a_change_taken_back_before_the_sync_moves_only_the_stamp(agent, live):
    agent.stop()
    original = (live.clone / "utils/alpha.py").read_text()
    live.write("alpha", "'meanwhile'")
    live.commit()
    live.put("utils/alpha.py", original)
    commit = live.commit_and_push()
    agent.start()
    agent.applied(commit)
    assert agent.entry("alpha")["sync"]["revision"] == f"main@sha1:{commit}"
    assert agent.value("alpha") == "alpha 1"


@pytest.mark.parametrize(
    "code, rule, line", [(BROKEN, "NoExec", 3), (UNPARSABLE, "PythonSyntax", None), ("x = 1\n", "FunctionMissing", None)]
)  # fmt: skip
def test_a_broken_version_is_quarantined_and_the_old_one_answers(agent, live, code, rule, line):
    before = agent.entry("alpha")
    live.put("utils/alpha.py", code)
    live.put("lib/words.py", "WORD = 'new'\n")
    live.write("gamma", "'gamma 2'", folder="utils/more")
    live.write("delta", "'delta 1'")
    commit = live.commit_and_push()
    status = agent.applied(commit, phase="degraded")
    (refused,) = status["report"]["quarantined"]
    assert refused["name"] == "alpha"
    found = next(finding for finding in refused["findings"] if finding["rule"] == rule)
    assert (found["path"], found["severity"]) == ("utils/alpha.py", "HIGH")
    if line:
        assert found["line"] == line and found["column"] == 12
    after = agent.entry("alpha")
    assert after["quarantine"] == {"revision": f"main@sha1:{commit}", "findings": refused["findings"]}
    same = ("id", "filehash", "metahash", "status", "sync", "createddate")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert agent.value("alpha") == "alpha 1"
    assert (agent.value("gamma"), agent.value("delta")) == ("gamma 2", "delta 1")
    assert agent.value("beta") == "new", "the shared module of the same commit"
    fate = agent.get(f"/utils/v1/sync/demo/commits/{commit}")["data"]
    assert fate["state"] == "quarantined"

    live.write("alpha", "'alpha 3'")
    agent.applied(live.commit_and_push(), phase="synced")
    repaired = agent.entry("alpha")
    assert repaired["quarantine"] is None and repaired["id"] == before["id"]
    assert agent.value("alpha") == "alpha 3"


def test_quarantine_outlives_other_commits_and_a_restart(agent, live):
    live.put("utils/alpha.py", BROKEN)
    broken = live.commit_and_push()
    agent.applied(broken, phase="degraded")
    live.write("gamma", "'gamma 2'", folder="utils/more")
    later = live.commit_and_push()
    agent.applied(later, phase="degraded")
    assert agent.entry("alpha")["quarantine"]["revision"] == f"main@sha1:{broken}"
    before = agent.raw()
    agent.stop()
    agent.start()
    agent.applied(later, phase="degraded")
    assert agent.raw() == before
    assert agent.value("alpha") == "alpha 1"


def test_a_utility_broken_from_the_start_has_no_entry_and_no_id(agent, live):
    live.put("utils/bad.py", "import os\n\n\ndef bad(data, filter):\n    return os.getcwd()\n")
    live.put("utils/bad.yaml", "descriptio: x\n")
    status = agent.applied(live.commit_and_push(), phase="degraded")
    (refused,) = status["report"]["quarantined"]
    rules = {finding["rule"] for finding in refused["findings"]}
    assert {"NoImportOS", "MetadataUnknownKey", "MetadataMissingKey"} <= rules
    hint = " ".join(finding["message"] + finding["hint"] for finding in refused["findings"])
    assert "did you mean `description`?" in hint
    assert not agent.list(name="bad", status="all")["data"]
    live.write("later", "1")
    agent.applied(live.commit_and_push())
    live.write("bad", "'good'")
    agent.applied(live.commit_and_push(), phase="synced")
    assert (agent.entry("later")["id"], agent.entry("bad")["id"]) == (1004, 1005)
    assert agent.value("bad") == "good"


def test_medium_findings_are_recorded_and_served(agent, live):
    code = "import socket\n\n\ndef alpha(data, filter):\n    return socket.AF_INET\n"
    live.put("utils/alpha.py", code)
    agent.applied(live.commit_and_push(), phase="synced")
    (finding,) = agent.entry("alpha")["sync"]["findings"]
    assert (finding["rule"], finding["severity"], finding["line"]) == ("NoNetwork", "MEDIUM", 1)
    assert agent.value("alpha") == 2


# Renames


def rename(live, old, new, *, declared=False, edited=False):
    live.git("mv", f"utils/{old}.yaml", f"utils/{new}.yaml")
    if declared:
        live.remove(old)
        live.write(new, "{'quite': ['another', 'thing'], 'with': data}", renamed_from=old)
        live.put(f"utils/{new}.py", f'"""Written anew from nothing."""\n\nimport json\n\n\ndef {new}(data, filter):\n'
                 '    text = json.dumps([filter, data])\n    return {"text": text, "length": len(text)}\n')  # fmt: skip
        return
    live.git("mv", f"utils/{old}.py", f"utils/{new}.py")
    text = (live.clone / f"utils/{new}.py").read_text().replace(f"def {old}(", f"def {new}(")
    if edited:
        text = text.replace("return", "data = str(data)\n    return")
    live.put(f"utils/{new}.py", text)


BODY = "".join(f"    step_{number} = {number} * len(str(data))\n" for number in range(12))


@pytest.mark.parametrize("how", [{}, {"edited": True}, {"declared": True}], ids=["name only", "edited", "declared"])
def test_a_rename_keeps_id_and_creation(agent, live, how):
    code = f"def long_one(data, filter):\n{BODY}    return step_3 - step_3\n"
    live.write("long_one", code=code)
    agent.applied(live.commit_and_push())
    before = agent.entry("long_one")
    rename(live, "long_one", "other_name", **how)
    status = agent.applied(live.commit_and_push("Rename"), phase="synced")
    assert status["report"]["changes"] == {"rename": 1}
    assert not [key for key in agent.entries() if key[0] == "long_one"]
    after = agent.entry("other_name")
    assert (after["id"], after["createddate"]) == (before["id"], before["createddate"])
    for key, value in (("tasks_tag", "custom_utils_other_name"), ("rest_end", "/other_name/"),
                       ("functionname", "other_name()"), ("filename", "other_name.py")):  # fmt: skip
        assert after[key] == value
    assert agent.value("other_name", "abc") is not None
    assert agent.call("long_one", port=agent.active_port)[0] == 404
    live.write("newcomer", "1")
    agent.applied(live.commit_and_push())
    assert agent.entry("newcomer")["id"] == before["id"] + 1


def test_moving_to_another_folder_is_the_same_utility(agent, live):
    before = agent.entry("alpha")
    (live.clone / "utils/deep").mkdir()
    live.git("mv", "utils/alpha.py", "utils/alpha.yaml", "utils/deep")
    agent.applied(live.commit_and_push(), phase="synced")
    after = agent.entry("alpha")
    assert after["id"] == before["id"]
    assert after["sync"]["path"] == "utils/deep/alpha.py"
    assert agent.value("alpha") == "alpha 1"


def test_two_utilities_that_swap_names_take_their_ids_along(agent, live):
    first, second = agent.entry("alpha")["id"], agent.entry("gamma")["id"]
    live.write("alpha", "[data, filter]")
    live.write("gamma", "'alpha 1'", folder="utils/more")
    agent.applied(live.commit_and_push(), phase="synced")
    assert (agent.entry("alpha")["id"], agent.entry("gamma")["id"]) == (second, first)


def test_a_change_of_case_keeps_the_id(agent, live):
    number = agent.entry("alpha")["id"]
    live.remove("alpha")
    live.write("Alpha", "'alpha 2'")
    agent.applied(live.commit_and_push(), phase="synced")
    assert agent.entry("Alpha")["id"] == number
    assert len(agent.entries()) == 3
    assert agent.value("Alpha") == "alpha 2"


# Removal


def test_delete_and_revive(agent, live):
    before = agent.entry("alpha")
    live.remove("alpha")
    status = agent.applied(live.commit_and_push("Remove"), phase="synced")
    assert status["report"]["changes"] == {"remove": 1}
    assert agent.call("alpha", port=agent.active_port)[0] == 404
    gone = agent.entry("alpha", status="inactive")
    assert gone["id"] == before["id"]
    assert "alpha" not in [entry["name"] for entry in agent.list()["data"]]
    one = agent.one(before["id"])
    assert (one["status"], one["filecontents_instring"]) == ("inactive", "")

    live.write("delta", "1")
    agent.applied(live.commit_and_push())
    assert agent.entry("delta")["id"] == before["id"] + 3, "a number is never used again"

    live.git("revert", "--no-edit", "HEAD~1")
    status = agent.applied(live.push(), phase="synced")
    assert status["report"]["changes"] == {"revive": 1}
    revived = agent.entry("alpha")
    assert (revived["id"], revived["createddate"]) == (before["id"], before["createddate"])
    assert ("alpha", "inactive") not in agent.entries()
    assert agent.value("alpha") == "alpha 1"


def test_everything_removed_and_back(agent, live):
    before = {key: entry["id"] for key, entry in agent.entries().items()}
    live.git("rm", "-rq", "utils", "lib")
    live.put("README.md", "Nothing left.\n")
    agent.applied(live.commit_and_push(), phase="synced")
    assert {status for _, status in agent.entries()} == {"inactive"}
    live.git("revert", "--no-edit", "HEAD")
    agent.applied(live.push(), phase="synced")
    assert {key: entry["id"] for key, entry in agent.entries().items()} == before
    assert agent.value("alpha") == "alpha 1"


# Shared modules


def test_a_shared_module_rolls_out_without_touching_entries(agent, live):
    before = agent.raw()
    assert agent.value("beta") == "old"
    live.put("lib/words.py", "WORD = 'new'\n")
    status = agent.applied(live.commit_and_push(), phase="synced")
    assert agent.value("beta") == "new"
    assert agent.raw() == before
    assert status["report"]["changes"] == {}


def test_a_bad_shared_module_quarantines_its_importers_alone(agent, live):
    live.put("lib/words.py", "import os\n\nWORD = os.name\n")
    live.write("alpha", "'alpha 2'")
    commit = live.commit_and_push()
    status = agent.applied(commit, phase="degraded")
    assert [utility["name"] for utility in status["report"]["quarantined"]] == ["beta"]
    (finding,) = [f for f in status["report"]["quarantined"][0]["findings"] if f["rule"] == "NoImportOS"]
    assert (finding["path"], finding["line"]) == ("lib/words.py", 1)
    assert agent.entry("beta")["quarantine"]["findings"]
    assert agent.value("beta") == "old", "the old module with the old utility"
    assert agent.value("alpha") == "alpha 2"

    live.put("lib/words.py", "WORD = 'mended'\n")
    agent.applied(live.commit_and_push(), phase="synced")
    assert agent.entry("beta")["quarantine"] is None
    assert agent.value("beta") == "mended"


def test_the_old_shared_module_survives_a_restart(agent, live):
    live.put("lib/words.py", "import os\n\nWORD = os.name\n")
    commit = live.commit_and_push()
    agent.applied(commit, phase="degraded")
    agent.kill()
    agent.leaves_nothing()
    agent.start()
    agent.applied(commit, phase="degraded")
    assert agent.value("beta") == "old"


# History


def test_the_author_the_committer_and_the_approver(agent, live):
    live.git("checkout", "-q", "-b", "work")
    live.write("alpha", "'alpha 2'")
    work = live.commit("Work", author="Omar")
    live.git("checkout", "-q", "main")
    live.put("README.md", "Main went on.\n")
    live.commit()
    live.git("merge", "-q", "--no-ff", "-m", "Merge work", "work", author="Rita")
    agent.applied(live.push(), phase="synced")
    sync = agent.entry("alpha")["sync"]
    assert sync["revision"] == f"main@sha1:{work}"
    assert (sync["author"], sync["committer"], sync["approved_by"]) == ("Omar", "Omar", "Rita")
    assert sync["author_email"] == "omar@acme.example"
    named = live.git("log", "-1", "--format=%H", "main", "--", "utils/alpha.py", "utils/alpha.yaml").strip()
    assert named == work


@pytest.fixture
def rewritable(agent, demo):
    """The tenant, applied by an agent that lets its history be rewritten."""
    agent.settings["policy.history"] = "any"
    agent.start()
    agent.applied(demo.push())
    return demo


def test_rewritten_history_ends_at_the_new_head(agent, rewritable):
    live = rewritable
    first = live.head()
    live.write("alpha", "'alpha 2'")
    live.write("delta", "'delta 1'")
    abandoned = live.commit_and_push()
    agent.applied(abandoned)
    ids = {name: entry["id"] for (name, _), entry in agent.entries().items()}
    live.git("reset", "-q", "--hard", first)
    live.write("alpha", "'alpha 3'")
    live.commit("Another way")
    commit = live.push("--force")
    agent.applied(commit, phase="synced")
    assert agent.value("alpha") == "alpha 3"
    assert ("delta", "inactive") in agent.entries()
    assert {name: entry["id"] for (name, _), entry in agent.entries().items()} == ids
    assert agent.entry("alpha")["sync"]["revision"] == f"main@sha1:{commit}"
    fate = agent.get(f"/utils/v1/sync/demo/commits/{abandoned}")["data"]
    assert fate["state"] in ("superseded", "unknown")


def test_an_unrelated_history(agent, rewritable):
    live = rewritable
    ids = {name: entry["id"] for (name, _), entry in agent.entries().items()}
    live.git("checkout", "-q", "--orphan", "fresh")
    live.write("alpha", "'from scratch'")
    live.commit("Fresh")
    commit = live.push("--force")
    live.git("gc", "-q", "--prune=now")
    agent.applied(commit, phase="synced")
    assert agent.value("alpha") == "from scratch"
    assert {name: entry["id"] for (name, _), entry in agent.entries().items()} == ids


def test_packed_references(agent, live):
    live._run("git", "gc", "-q", cwd=live.bare)
    live.write("alpha", "'alpha 2'")
    agent.applied(live.commit_and_push())
    live._run("git", "pack-refs", "--all", cwd=live.bare)
    live.write("alpha", "'alpha 3'")
    agent.applied(live.commit_and_push())
    assert agent.value("alpha") == "alpha 3"


def test_many_quick_pushes_end_at_the_last(agent, live):
    for number in range(8):
        live.write("alpha", f"'alpha {number}'")
        commit = live.commit_and_push()
    agent.applied(commit)
    assert agent.value("alpha") == "alpha 7"
    assert re.fullmatch(r"main@sha1:[0-9a-f]{40}", agent.entry("alpha")["sync"]["revision"])
