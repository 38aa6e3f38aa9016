"""The command line: exit codes, JSON shapes, and words that help."""

import json
import re
import sqlite3
import subprocess
from pathlib import Path

import pytest

from support import BINARY, sidecar

FINDING = {"path", "line", "column", "rule", "severity", "message", "hint"}
BAD = "import os\n\n\ndef alpha(data, filter):\n    return eval(data)\n"


def answer(result, code):
    assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
    return json.loads(result.stdout)


def break_alpha(tenant):
    tenant.put("utils/alpha.py", BAD)
    return tenant.commit_and_push("Break")


def clear_error(result, *words):
    """One sentence on stderr, nothing on stdout, exit 1."""
    assert result.returncode == 1, (result.stdout, result.stderr)
    text = result.stderr.strip()
    assert text.startswith("Error: ") and result.stdout == ""
    for word in words:
        assert word in text, text
    assert "/Sources/" not in text and "Fatal error" not in text


# sync


def summary(result, code, tenant="demo"):
    value = answer(result, code)
    assert set(value) == {"tenants"}
    branches = {item["tenantcode"]: item["branches"] for item in value["tenants"]}[tenant]
    for branch in branches:
        assert {"branch", "revision", "phase", "changes", "quarantined", "held", "error"} <= set(branch)
    return branches


@pytest.mark.parametrize("running", [False, True], ids=["alone", "beside an agent"])
def test_sync_with_and_without_an_agent(agent, demo, running):
    if running:
        agent.start()
    commit = demo.push()
    if running:
        agent.applied(commit)
    (branch,) = summary(agent.cli("sync --format json"), 0)
    assert branch["revision"] == f"main@sha1:{commit}" and branch["branch"] == "main"
    assert (branch["phase"], branch["quarantined"], branch["held"], branch["error"]) == ("synced", [], None, None)
    assert branch["changes"] == {"create": 3}
    broken = break_alpha(demo)
    (branch,) = summary(agent.cli("sync --tenant demo --format json"), 3)
    assert (branch["phase"], branch["revision"]) == ("degraded", f"main@sha1:{broken}")
    (refused,) = branch["quarantined"]
    assert refused["name"] == "alpha" and set(refused["findings"][0]) >= FINDING
    text = agent.cli("sync")
    assert text.returncode == 3 and "utils/alpha.py:1:" in text.stdout and "\x1b" not in text.stdout
    demo.bare.rename(agent.folder / "away.git")
    if running:
        (branch,) = summary(agent.cli("sync --format json"), 1)
        assert branch["phase"] == "failed" and branch["error"]
    clear_error(agent.cli("sync --tenant nobody"), "nobody", "tenant add nobody")


def test_sync_alone_of_a_tenant_that_is_gone_says_failed(agent, demo):
    demo.push()
    summary(agent.cli("sync --format json"), 0)
    demo.bare.rename(agent.folder / "away.git")
    (branch,) = summary(agent.cli("sync --format json"), 1)
    assert branch["phase"] == "failed" and branch["error"]


def test_sync_alone_leaves_no_process_and_the_agent_takes_over(agent, demo):
    commit = demo.push()
    assert agent.cli("sync").returncode == 0
    agent.start()
    agent.applied(commit, phase="synced")
    dates = {entry["updateddate"] for entry in agent.entries().values()}
    assert len(dates) == 1 and agent.value("alpha") == "alpha 1"


def test_sync_with_a_corrupt_repository_is_1_and_says_which(agent, demo):
    demo.push()
    other = agent.tenant("broken")
    other.write("one", "1")
    commit = other.commit_and_push()
    (other.bare / "objects" / commit[:2] / commit[2:]).unlink()
    result = agent.cli("sync --format json")
    assert summary(result, 1)[0]["phase"] == "synced"
    (branch,) = summary(result, 1, "broken")
    assert branch["phase"] == "failed" and branch["error"] and str(agent.folder) not in branch["error"]


# plan


def plan(result, code):
    value = answer(result, code)
    for item in value["tenants"]:
        keys = {"tenantcode", "branch", "revision", "changes", "rollout", "quarantined", "held"}
        assert keys <= set(item)
        assert {"runtime", "release", "restart"} <= set(item["rollout"])
        for change in item["changes"]:
            assert {"change", "name", "fields"} <= set(change), change
            assert all(len(pair) == 2 for pair in change["fields"].values())
    return value["tenants"]


def dump(agent):
    """Everything that is stored, but for the file's own layout."""
    path = agent.data / "catalog.sqlite"
    if not path.exists():
        return None
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_plan_says_what_sync_does_and_changes_nothing(agent, demo):
    first = demo.push()
    (item,) = plan(agent.cli("plan --format json"), 2)
    assert item["revision"] == f"main@sha1:{first}" and item["held"] is None
    assert sorted((c["change"], c["name"]) for c in item["changes"]) == [
        ("create", "alpha"), ("create", "beta"), ("create", "gamma")
    ]  # fmt: skip
    assert item["rollout"]["restart"] is True and not agent.releases()
    agent.cli("sync")
    (item,) = plan(agent.cli("plan --format json"), 0)
    assert item["changes"] == [] and item["rollout"]["restart"] is False

    demo.write("alpha", "'alpha 2'", description="Other words")
    demo.remove("beta")
    demo.write("delta", "1")
    commit = demo.commit_and_push()
    before, releases = dump(agent), agent.releases()
    (item,) = plan(agent.cli("plan --tenant demo --format json"), 2)
    assert dump(agent) == before and agent.releases() == releases
    changes = {change["name"]: change for change in item["changes"]}
    assert {name: change["change"] for name, change in changes.items()} == {
        "alpha": "update", "beta": "remove", "delta": "create"
    }  # fmt: skip
    assert changes["alpha"]["fields"]["description"] == ["A utility of the tests.", "Other words"]
    assert "filehash" in changes["alpha"]["fields"] and changes["alpha"]["id"] == 1001
    assert plan(agent.cli(f"plan --revision {first} --format json"), 0)[0]["changes"] == []
    assert plan(agent.cli("plan --revision main~1 --format json"), 0)[0]["changes"] == []
    assert agent.cli("plan").returncode == 2
    agent.start()
    agent.applied(commit)
    release = agent.healthz()["release"]
    assert item["rollout"]["release"] == release


def test_plan_writes_every_key_also_where_there_is_nothing(agent, demo):
    demo.push()
    (item,) = plan(agent.cli("plan --format json"), 2)
    for change in item["changes"]:
        assert {"change", "name", "from", "id", "fields"} <= set(change), sorted(change)
        assert change["from"] is None and change["id"] is None


def test_plan_of_a_rename_and_a_revival(agent, demo):
    demo.push()
    agent.cli("sync")
    demo.remove("alpha")
    demo.commit_and_push()
    agent.cli("sync")
    demo.write("alpha", "'alpha 2'")
    demo.remove("gamma", "utils/more")
    demo.write("omega", "[data, filter]", renamed_from="gamma")
    demo.commit_and_push()
    (item,) = plan(agent.cli("plan --format json"), 2)
    changes = {change["name"]: change for change in item["changes"]}
    assert (changes["alpha"]["change"], changes["alpha"]["id"]) == ("revive", 1001)
    omega = changes["omega"]
    assert (omega["change"], omega["from"], omega["id"]) == ("rename", "gamma", 1003)
    assert omega["fields"]["name"] == ["gamma", "omega"]


def test_plan_beside_an_agent(agent, live):
    before = agent.raw()
    (item,) = plan(agent.cli("plan --format json"), 0)
    assert item["changes"] == [] and item["rollout"]["restart"] is False
    agent.process.send_signal(19)  # SIGSTOP: what it would do at once stays a plan
    try:
        live.write("alpha", "'alpha 2'")
        commit = live.commit_and_push()
        (item,) = plan(agent.cli("plan --format json"), 2)
        assert [change["name"] for change in item["changes"]] == ["alpha"]
    finally:
        agent.process.send_signal(18)
    agent.applied(commit)
    assert agent.raw() != before


def test_plan_with_findings_is_3(agent, demo):
    demo.push()
    agent.cli("sync")
    break_alpha(demo)
    (item,) = plan(agent.cli("plan --format json"), 3)
    (refused,) = item["quarantined"]
    assert refused["name"] == "alpha" and set(refused["findings"][0]) >= FINDING
    text = agent.cli("plan")
    assert text.returncode == 3 and "quarantined: alpha" in text.stdout


def test_plan_of_something_unknown_is_1(agent, demo):
    demo.push()
    clear_error(agent.cli("plan --tenant nobody"), "nobody")
    clear_error(agent.cli("plan --revision nowhere"), "nowhere")


def test_plan_of_one_broken_tenant_still_tells_the_others(agent, demo):
    demo.push()
    agent.tenant("broken")
    result = agent.cli("plan --format json")
    assert result.returncode == 1
    assert [item["tenantcode"] for item in json.loads(result.stdout)["tenants"]] == ["demo"]


def test_plan_says_that_a_branch_has_not_got_what_the_approved_one_has(agent, demo):
    demo.push()
    demo.git("checkout", "-q", "-b", "topic")
    demo.write("delta")
    topic = demo.commit()
    demo.push(branch="topic")
    demo.git("checkout", "-q", "main")
    demo.write("epsilon")
    tip = demo.commit_and_push()
    agent.cli("sync")
    (item,) = plan(agent.cli("plan --format json --revision topic"), 2)
    assert topic[:12] in item["note"] and tip[:12] in item["note"] and "shows as undone" in item["note"]
    assert {(change["change"], change["name"]) for change in item["changes"]} == {
        ("create", "delta"), ("remove", "epsilon"),
    }  # fmt: skip
    assert "shows as undone" in agent.cli("plan --revision topic").stdout
    demo.git("checkout", "-q", "topic")
    demo.git("merge", "-q", "--no-edit", "main")
    demo.push(branch="topic")
    (item,) = plan(agent.cli("plan --format json --revision topic"), 2)
    assert item["note"] is None and [change["name"] for change in item["changes"]] == ["delta"]


def test_plan_tells_of_a_tenant_without_a_repository(agent, demo):
    demo.push()
    agent.cli("sync")
    demo.bare.rename(demo.bare.with_name("away"))
    for arguments in ("", "--tenant demo"):
        result = agent.cli(f"plan {arguments}")
        assert result.returncode == 1 and "demo" in result.stderr, result


def test_where_says_that_a_repository_has_the_commit(agent, demo):
    demo.push()
    agent.tenant("other").commit_and_push()
    agent.cli("sync")
    demo.write("alpha", "'another branch'")
    commit = demo.commit()
    demo.push(branch="topic")
    fate = json.loads(agent.cli(f"where {commit} --format json").stdout)
    assert fate["state"] == "unknown" and fate["reason"] == "tenant demo: no watched branch has it"
    nobody = json.loads(agent.cli(f"where {'1' * 40} --format json").stdout)
    assert nobody["reason"] == "no tenant has the commit"


def test_a_plan_on_an_unused_folder_makes_nothing(agent, demo):
    demo.push()
    agent.cli("plan")
    assert not agent.releases()
    assert not agent.cli("status --format json").stdout.count('"demo"')


# validate


def checked(result, code):
    value = answer(result, code)
    assert {"checked", "findings", "quarantined"} <= set(value)
    assert all(FINDING <= set(finding) for finding in value["findings"])
    return value


def test_validate_paths(agent, sample, tmp_path):
    value = checked(agent.cli("validate --format json", sample), 0)
    assert value["checked"] == len(list(sample.rglob("utils/**/*.py"))) and value["quarantined"] == []
    tree = tmp_path / "tree"
    (tree / "utils").mkdir(parents=True)
    (tree / "utils/good.py").write_text("def good(data, filter):\n    return 1\n")
    (tree / "utils/good.yaml").write_text(sidecar())
    (tree / "utils/bad.py").write_text("import os\n\n\ndef bad(data):\n    return eval(data)\n")
    (tree / "utils/bad.yaml").write_text(sidecar(categori="x", category=None))
    (tree / "utils/lonely.yaml").write_text(sidecar())
    (tree / "utils/bare.py").write_text("def bare(data, filter):\n    return 1\n")
    value = checked(agent.cli("validate --format json", tree), 3)
    assert value["quarantined"] == ["bad", "bare", "lonely"]
    rules = {(finding["path"], finding["rule"]) for finding in value["findings"]}
    assert {
        ("utils/bad.py", "NoImportOS"), ("utils/bad.py", "NoExec"), ("utils/bad.py", "FunctionSignature"),
        ("utils/bad.yaml", "MetadataUnknownKey"), ("utils/bad.yaml", "MetadataMissingKey"),
        ("utils/lonely.yaml", "SourceMissing"), ("utils/bare.py", "MetadataMissing"),
    } <= rules  # fmt: skip
    value = checked(agent.cli("validate --format json", tree / "utils/good.py"), 0)
    assert (value["checked"], value["findings"]) == (1, [])
    assert checked(agent.cli("validate --format json", tree / "utils/bad.py"), 3)["quarantined"] == ["bad"]
    text = agent.cli("validate", tree)
    assert text.returncode == 3 and re.search(r"utils/bad.py:1:\d+: HIGH NoImportOS: \S", text.stdout)
    assert agent.cli("validate", tree, configured=False).returncode == 3, "needs no configuration"


def test_validate_a_medium_finding_is_not_3(agent, tmp_path):
    (tmp_path / "utils").mkdir()
    (tmp_path / "utils/one.py").write_text("import socket\n\n\ndef one(data, filter):\n    return 1\n")
    (tmp_path / "utils/one.yaml").write_text(sidecar())
    value = checked(agent.cli("validate --format json", tmp_path), 0)
    assert [f["severity"] for f in value["findings"]] == ["MEDIUM"]
    assert checked(agent.cli("validate --format json", tmp_path, policy__medium="block"), 3)["quarantined"] == ["one"]


def test_what_a_killed_process_left_behind_is_no_warning(tmp_path):
    """libmongoc's counters, /dev/shm/mongoc-<pid>, of an earlier process with the same pid."""
    script = 'touch /dev/shm/mongoc-$$ && echo $$ && exec "$0" validate nothing'
    result = subprocess.run(["sh", "-c", script, BINARY], cwd=tmp_path, capture_output=True, text=True)
    assert result.stderr.startswith("Error: ") and len(result.stderr.splitlines()) == 1
    assert not Path(f"/dev/shm/mongoc-{result.stdout.strip()}").exists()


def test_a_killed_agent_leaves_no_shared_memory(agent, live):
    left = Path(f"/dev/shm/mongoc-{agent.process.pid}")
    agent.kill()
    assert not left.exists()


def test_validate_a_revision_and_what_changed_since(agent, demo):
    good = demo.push()
    bad = break_alpha(demo)
    assert checked(agent.cli("validate --format json --repo", demo.bare, "--revision", good), 0)["checked"] == 3
    value = checked(agent.cli("validate --format json --repo", demo.bare, "--revision", "main"), 3)
    assert (value["checked"], value["quarantined"]) == (3, ["alpha"])
    value = checked(agent.cli("validate --format json --repo", demo.bare, "--revision", bad, "--base", good), 3)
    assert (value["checked"], value["quarantined"]) == (1, ["alpha"])
    demo.write("delta", "1")
    demo.commit_and_push()
    value = checked(agent.cli("validate --format json --repo", demo.bare, "--revision", "main", "--base", bad), 0)
    assert (value["checked"], value["findings"]) == (1, [])
    clear_error(agent.cli("validate --revision nowhere --repo", demo.bare), "nowhere")
    clear_error(agent.cli("validate --repo", agent.folder / "none.git", "--revision", "main"), "none.git")
    clear_error(agent.cli("validate", agent.folder / "nothing"), "nothing")


# status, where


@pytest.mark.parametrize("running", [False, True], ids=["alone", "beside an agent"])
def test_status(agent, demo, running):
    if running:
        agent.start()
    commit = demo.push()
    assert agent.cli("sync").returncode == 0
    value = answer(agent.cli("status --format json"), 0)
    (tenant,) = value["tenants"]
    (branch,) = tenant["branches"]
    assert tenant["tenantcode"] == "demo"
    assert (branch["branch"], branch["phase"], branch["applied"]) == ("main", "synced", f"main@sha1:{commit}")
    if running:
        assert value == agent.get("/utils/v1/sync")["data"]
    table = agent.cli("status")
    assert table.returncode == 0 and "\x1b" not in table.stdout
    head, row = table.stdout.splitlines()
    assert head.split()[0] == "TENANT" and row.split()[:3] == ["demo", "main", "synced"]
    break_alpha(demo)
    agent.cli("sync")
    assert answer(agent.cli("status --tenant demo --format json"), 3)["tenants"][0]["branches"][0]["phase"] == "degraded"
    clear_error(agent.cli("status --tenant nobody"), "nobody")


@pytest.mark.parametrize("running", [False, True], ids=["alone", "beside an agent"])
def test_where(agent, demo, running):
    if running:
        agent.start()
    first = demo.push()
    demo.write("alpha", "'alpha 2'")
    second = demo.commit_and_push()
    agent.cli("sync")

    def where(sha):
        value = answer(agent.cli(f"where {sha} --tenant demo --format json"), 0)
        assert {"sha", "state", "branch", "revision", "reason"} <= set(value)
        return value

    assert where(second)["state"] == "applied" and where(second)["revision"] == f"main@sha1:{second}"
    assert where(second[:10])["sha"] == second
    assert where(first)["state"] == "superseded"
    assert where("0" * 40)["state"] == "unknown"
    third = break_alpha(demo)
    agent.cli("sync")
    assert where(third)["state"] == "quarantined"
    if running:
        assert where(third) == agent.get(f"/utils/v1/sync/demo/commits/{third}")["data"]
    else:
        demo.write("alpha", "'alpha 3'")
        assert where(demo.commit_and_push())["state"] == "pending"
    assert second in agent.cli(f"where {second}").stdout
    for form in ("text", "json"):
        clear_error(agent.cli(f"where {second} --tenant nobody --format {form}"), "no tenant `nobody` is known")


def test_where_blames_no_commit_for_what_another_one_broke(agent, demo):
    demo.write("beta", code="from lib.words import WORD\n\n\ndef beta(data, filter):\n    return WORD\n")
    demo.commit_and_push()
    agent.cli("sync")

    def where(commit):
        agent.cli("sync")
        value = answer(agent.cli(f"where {commit} --tenant demo --format json"), 0)
        assert "alpha" in value["reason"] and value["revision"] == f"main@sha1:{commit}"
        return value

    assert where(break_alpha(demo))["state"] == "quarantined"
    demo.write("gamma", "'gamma 2'", folder="utils/more")
    demo.put("lib/others.py", "OTHER = 1\n")
    demo.put("tenant.yaml", "userid: 7\n")
    innocent = where(demo.commit_and_push())
    assert innocent["state"] == "applied" and "still refused: alpha" in innocent["reason"]
    demo.write("alpha", code=BAD, description="Still bad, under another description.")
    assert where(demo.commit_and_push())["state"] == "quarantined"
    # A merge brings what the other side has.
    demo.git("checkout", "-q", "-b", "side", "HEAD~1")
    demo.write("gamma", "'gamma 3'", folder="utils/more")
    demo.commit("Beside it")
    demo.git("merge", "-q", "-m", "Take the other side", "main")
    assert where(demo.push())["state"] == "quarantined"
    # What lacks a module is refused by the commit that takes it away.
    demo.git("rm", "-q", "lib/words.py")
    fate = where(demo.commit_and_push())
    assert fate["state"] == "quarantined" and "alpha, beta" in fate["reason"]
    demo.write("gamma", "'gamma 4'", folder="utils/more")
    assert where(demo.commit_and_push())["state"] == "applied"


def test_where_says_held_where_git_has_lost_what_runs(agent, demo):
    demo.push()
    demo.write("alpha", "'alpha 2'")
    lost = demo.commit_and_push()
    agent.cli("sync")
    demo.git("reset", "-q", "--hard", "HEAD~1")
    demo.write("alpha", "'alpha 3'")
    demo.commit("Another way")
    commit = demo.push("--force")
    assert agent.cli("sync").returncode == 3
    demo._run("git", "update-ref", "-d", "refs/sync/applied/main", cwd=demo.bare)
    demo._run("git", "reflog", "expire", "--expire=now", "--all", cwd=demo.bare)
    demo._run("git", "gc", "-q", "--prune=now", cwd=demo.bare)
    for running in (False, True):
        if running:
            agent.start()
        fate = answer(agent.cli(f"where {commit} --tenant demo --format json"), 0)
        assert fate["state"] == "held" and f"sync-agent approve demo {commit}" in fate["reason"]
        assert fate["revision"] == f"main@sha1:{lost}"
        if running:
            assert fate == agent.get(f"/utils/v1/sync/demo/commits/{commit}")["data"]
        missing = answer(agent.cli(f"where {lost} --tenant demo --format json"), 0)
        assert (missing["state"], missing["reason"]) == ("unknown", "the repository has no such commit")


# config, help


def test_config_check_lists_every_error(agent, tmp_path):
    file = tmp_path / "agent.yaml"
    file.write_text("server:\n  prot: 1\n  port: many\nruntime:\n  driver: magic\n")
    result = agent.cli("config check --config", file, configured=False, env={"RELEASES_KEEP": "-1"})
    assert result.returncode == 1
    for word in ("server.prot", "did you mean `server.port`", "server.port", "runtime.driver", "RELEASES_KEEP"):
        assert word in result.stderr, (word, result.stderr)
    assert len([line for line in result.stderr.splitlines() if line.startswith("  ")]) == 4
    for command in ("run", "sync", "status", "plan"):
        assert agent.cli(f"{command} --config", file, configured=False).returncode == 1
    assert agent.cli("config check").returncode == 0


def test_wrong_flags_are_listed_as_what_they_are(agent):
    result = agent.cli(
        "config check --server.prot 1 --policy.medium nope --log.level=loud --runtime.port", configured=False
    )
    assert result.returncode == 1
    for words in (
        "--server.prot: unknown key; did you mean `server.port`?", "--policy.medium: must be one of",
        "--log.level: must be one of", "--runtime.port: give a value",
    ):  # fmt: skip
        assert words in result.stderr, result.stderr
    shown = answer(agent.cli("config show --format json --server.port 1 --set log.level=debug", configured=False), 0)
    assert shown["server.port"]["source"] == "flag --server.port"
    assert shown["log.level"]["source"] == "flag --set"


@pytest.mark.parametrize(
    "arguments, words",
    [
        ("--repositories.trial_branch main", "repositories.trial_branch"),
        ("--runtime.trial_port 8110", "runtime.trial_port"),
        ("--repositories.branch ../x", "repositories.branch: must be a branch's name"),
        ("--repositories.trial_branch a..b", "repositories.trial_branch: must be a branch's name"),
        ("--repositories.resync_interval 1e300", "at most a year"),
        ("--server.read_timeout 8761h", "at most a year"),
        ("--runtime.memory 63", "runtime.memory: must be an integer from 64"),
    ],
)
def test_what_no_agent_can_run_with_is_refused(agent, arguments, words):
    result = agent.cli(f"config check {arguments}", configured=False)
    assert result.returncode == 1 and words in result.stderr, result


def test_a_key_that_a_file_has_twice_is_an_error(agent, tmp_path):
    file = tmp_path / "agent.yaml"
    file.write_text("server.port: 1\nserver:\n  port: 2\n")
    result = agent.cli("config check --config", file, configured=False)
    assert result.returncode == 1 and "`server.port` is written twice" in result.stderr


def test_errors_without_an_agent_are_sentences_and_no_log(agent):
    for command in ("tenant add x", "sync", "sync --tenant x", "plan", "approve x 1234", "where 1234"):
        result = agent.cli(command)
        assert '"level"' not in result.stderr and result.stderr.count("\n") <= 1, result


def test_a_root_that_is_no_folder_is_told_as_such(agent, tmp_path):
    file = tmp_path / "root"
    file.write_text("")
    clear_error(agent.cli("sync", repositories__root=file), "is no folder")
    clear_error(agent.cli("sync", repositories__root=file / "below"), "is below a file")


def test_flags_over_environment_over_file_over_defaults(agent, tmp_path):
    file = tmp_path / "agent.json"
    file.write_text('{"server": {"port": 1111}, "releases": {"keep": 2}, "runtime": {"memory": 64}}')
    env = {"SERVER_PORT": "2222", "RELEASES_KEEP": "3", "CONFIG_FILE": str(file)}
    shown = answer(agent.cli("config show --format json --server.port 3333", configured=False, env=env), 0)
    assert [shown[key]["value"] for key in ("server.port", "releases.keep", "runtime.memory", "server.host")] == [
        "3333", "3", "64", "127.0.0.1"
    ]  # fmt: skip
    sources = [shown[key]["source"] for key in ("server.port", "releases.keep", "runtime.memory", "server.host")]
    for source, word in zip(sources, ("flag", "environment", "file", "default")):
        assert word in source


def test_secrets_are_masked(agent):
    for form in ("text", "json"):
        result = agent.cli(
            f"config show --format {form}", "--set", "catalog.url=mongodb://zona:hunter2@db:27017/x", configured=False
        )
        assert "hunter2" not in result.stdout + result.stderr


def test_a_missing_configuration_file_is_named(agent):
    result = agent.cli("config check --config /nowhere/agent.yaml", configured=False)
    assert result.returncode == 1 and "/nowhere/agent.yaml" in result.stderr


def test_no_listening_beyond_loopback_without_authentication(agent):
    result = agent.cli("run", server__host="0.0.0.0")
    assert result.returncode == 1 and "server.host" in result.stderr


def test_version_and_help(agent):
    version = agent.cli("--version", configured=False)
    assert version.returncode == 0 and re.fullmatch(r"\d+\.\d+\.\d+\S*\n", version.stdout)
    for command in ("", "run", "sync", "plan", "validate", "status", "where", "config", "config check", "config show"):
        result = agent.cli(f"{command} --help", configured=False)
        assert result.returncode == 0 and "USAGE" in result.stdout
        assert "Example" in result.stdout, f"{command} --help has no example"
    unknown = agent.cli("frobnicate", configured=False)
    assert unknown.returncode != 0 and unknown.stdout == "" and "frobnicate" in unknown.stderr
