"""Adding, copying and removing tenants, beside a running agent and without one."""

import json
import os
import subprocess

import pytest

from support import Tenant, git_environment


def clone(agent, code, name=None):
    """A `Tenant` over a repository that is there already."""
    tenant = Tenant.__new__(Tenant)
    tenant.code, tenant._clock = code, 1_800_000_000
    tenant.bare = agent.folder / "repos" / f"{code}.git"
    tenant.clone = agent.folder / "clones" / (name or code)
    tenant.clone.parent.mkdir(exist_ok=True)
    tenant._run("git", "clone", "-q", str(tenant.bare), str(tenant.clone), cwd=agent.folder)
    return tenant


def push_one(tenant, text, name="one"):
    tenant.write(name, f"'{text}'")
    return tenant.commit_and_push()


def audit(agent):
    answer = agent.cli("audit", "--format", "json")
    return [(record["tenantcode"], record["action"], record["actor"], record["reason"])
            for record in json.loads(answer.stdout)["records"]]  # fmt: skip


@pytest.fixture(params=["running", "stopped"])
def either(request, agent):
    """An agent that runs, or that does not."""
    if request.param == "running":
        agent.start()
    return agent


def test_an_added_tenant_takes_a_push_and_is_served(either):
    agent = either
    answer = agent.cli("tenant add", "acme", "--as", "olga", "--reason", "contract 12")
    assert answer.returncode == 0, answer.stderr
    path = agent.folder / "repos/acme.git"
    assert f"git push {path} HEAD:main" in answer.stdout
    assert path.stat().st_uid == os.geteuid()
    assert {entry.name for entry in path.parent.iterdir()} == {"acme.git"}
    assert audit(agent) == [("acme", "add", "olga", "contract 12")]
    rows = json.loads(agent.cli("tenant list", "--format", "json").stdout)["tenants"]
    assert [(row["tenantcode"], row["status"]) for row in rows] == [("acme", "active")]
    if agent.process is None:
        agent.start()
    tenant = clone(agent, "acme")
    agent.applied(push_one(tenant, "hello"), "acme", phase="synced")
    assert agent.value("one", tenant="acme") == "hello"
    again = agent.cli("tenant add", "acme")
    assert again.returncode == 1 and "there already" in again.stderr
    assert agent.value("one", tenant="acme") == "hello"


@pytest.mark.parametrize("name", ["", "Acme", "../x", "a/b", ".git", "acme.git", "-x", "a" * 49, "\u00e4"])
def test_a_bad_name_is_refused_and_nothing_is_made(agent, name):
    answer = agent.cli("tenant add", *(["--"] if name.startswith("-") else []), name)
    if name == "-x":  # after `--` the configuration would be arguments as well
        answer = agent.cli("tenant add", "--", name, configured=False)
    assert answer.returncode == 1, (answer.stdout, answer.stderr)
    assert "is no tenant code; write" in answer.stderr
    assert list((agent.folder / "repos").iterdir()) == []
    assert not (agent.folder / "x.git").exists()


def test_names_that_are_taken_in_any_case_or_that_an_orphan_has_are_refused(agent, live):
    (agent.folder / "repos/Other").mkdir()
    answer = agent.cli("tenant add", "other")
    assert answer.returncode == 1 and "`Other` is in repositories.root already" in answer.stderr
    live.bare.rename(agent.folder / "away.git")
    answer = agent.cli("tenant add", "demo")
    assert answer.returncode == 1 and "orphaned" in answer.stderr and "tenant remove demo" in answer.stderr
    assert agent.value("alpha") == "alpha 1"


def test_an_add_that_was_killed_is_done_by_the_next(agent):
    for place in ("tenant.known", "tenant.made"):
        code = place.replace(".", "-")
        answer = agent.cli("tenant add", code, env={"SYNC_AGENT_FAULT": place})
        assert answer.returncode == -9
        if place == "tenant.known":
            answer = agent.cli("tenant add", code)
            assert answer.returncode == 0, answer.stderr
    agent.start()
    for code in ("tenant-known", "tenant-made"):
        agent.applied(push_one(clone(agent, code), code), code)


def test_the_hook_is_put_in_where_it_is_configured(agent):
    answer = agent.cli("tenant add", "acme", hook__install="on")
    assert answer.returncode == 0 and "hook" in answer.stdout, answer.stderr
    tenant = clone(agent, "acme")
    tenant.write("bad", code="import os\n\n\ndef bad(data, filter):\n    return os.name\n")
    tenant.commit()
    push = subprocess.run(
        ["git", "push", "origin", "HEAD:main"], cwd=tenant.clone, capture_output=True, text=True,
        check=False, env=git_environment(),
    )  # fmt: skip
    assert push.returncode != 0 and "NoImportOS" in push.stderr, push.stderr
    tenant.remove("bad")
    push_one(tenant, "good")


# MARK: Copying


OLGA = "Olga Ott <olga@acme.example>"


@pytest.fixture
def template(either):
    """A tenant `template` with two utilities and a module, and one refused on top, and `acme`."""
    agent = either
    template = agent.tenant("template")
    template.put("lib/__init__.py", "")
    template.put("lib/words.py", "WORD = 'shared'\n")
    template.put("tenant.yaml", "userid: 77\n")
    template.write("alpha", "'alpha'", folder="utils/deep")
    template.write("beta", code="from lib import words\n\n\ndef beta(data, filter):\n    return words.WORD\n")
    template.commit_and_push()
    assert agent.cli("tenant add", "acme").returncode == 0
    assert agent.cli("sync", "--tenant", "template").returncode == 0
    return template


def test_a_copy_is_a_commit_in_the_other_repository(either, template):
    agent = either
    answer = agent.cli("tenant copy", "template", "acme", "--author", OLGA, "--as", "olga")
    assert answer.returncode == 0, answer.stderr
    assert "copied 2 utilities and 2 shared modules" in answer.stdout and "synced" in answer.stdout
    acme = clone(agent, "acme")
    log = acme.git("log", "--format=%an <%ae>|%cn <%ce>|%P|%B")
    assert log.startswith(f"{OLGA}|{OLGA}||Copy the utilities of tenant template\n")
    assert f"Copied-from: template main@sha1:{template.head()}" in log
    assert acme.git("ls-tree", "-r", "HEAD", "utils", "lib") == template.git("ls-tree", "-r", "HEAD", "utils", "lib")
    assert not (acme.clone / "tenant.yaml").exists()
    assert [record[:3] for record in audit(agent)][0] == ("acme", "copy", "olga")
    again = agent.cli("tenant copy", "template", "acme")
    assert again.returncode == 0 and "already" in again.stdout
    if agent.process is None:
        agent.start()
    agent.applied(acme.head(), "acme")
    assert agent.value("alpha", tenant="acme") == "alpha" and agent.value("beta", tenant="acme") == "shared"
    assert agent.entry("alpha", "acme")["id"] == 1001
    template.write("gamma", "3")
    agent.applied(template.commit_and_push(), "template")
    acme.write("own", "4")
    agent.applied(acme.commit_and_push(), "acme")
    assert "copied 1 utilities" in agent.cli("tenant copy", "template", "acme").stdout
    agent.wait(lambda: agent.entry("gamma", "acme"), "the new utility is in the catalog")
    assert agent.entry("own", "acme")


def test_a_copy_that_would_overwrite_is_refused_and_changes_nothing(either, template):
    agent = either
    acme = clone(agent, "acme")
    acme.write("Alpha", "'mine'")
    head = acme.commit_and_push()
    answer = agent.cli("tenant copy", "template", "acme")
    assert answer.returncode == 1 and "utils/Alpha.py" in answer.stderr
    assert acme._run("git", "rev-parse", "main", cwd=acme.bare).strip() == head


def test_a_copy_for_the_first_tenant_is_ignored(either):
    agent = either
    assert agent.cli("tenant add", "first").returncode == 0
    for source in ("first", "nobody"):
        answer = agent.cli("tenant copy", source, "first")
        assert answer.returncode == 0 and answer.stdout == "Ignoring copy utils for first tenant\n", answer
    assert clone(agent, "first").git("for-each-ref") == ""


def test_what_cannot_be_copied_is_told(either, template):
    agent = either
    for arguments, words in (
        (("nobody", "acme"), "no tenant `nobody`"), (("template", "nobody"), "tenant add nobody"),
        (("template", "template"), "into itself"), (("Template", "acme"), "no tenant code"),
        (("acme", "template"), "acme.git"), (("template", "acme", "--author", "Olga"), "Name <mail>"),
    ):  # fmt: skip
        answer = agent.cli("tenant copy", *arguments)
        assert answer.returncode == 1 and words in answer.stderr, (arguments, answer.stderr)
        assert str(agent.folder) not in answer.stderr
    template.bare.rename(agent.folder / "away.git")
    answer = agent.cli("tenant copy", "template", "acme")
    assert answer.returncode == 1 and "gone" in answer.stderr


def test_a_copied_commit_obeys_policy(either, template):
    agent = either
    if agent.process is not None:
        agent.stop()
    agent.settings["policy.approval"] = "merge"
    acme = clone(agent, "acme")
    acme.write("own", "4")
    acme.commit_and_push()
    assert agent.cli("sync", "--tenant", "acme").returncode == 0
    answer = agent.cli("tenant copy", "template", "acme")
    assert answer.returncode == 0 and "held: " in answer.stdout, answer


# MARK: Removing


def test_without_confirm_nothing_goes_and_all_is_told(either, demo):
    agent = either
    agent_is_up = agent.process is not None
    demo.push()
    assert agent.cli("sync").returncode == 0
    answer = agent.cli("tenant remove", "demo")
    assert answer.returncode == 1 and "--confirm" in answer.stderr
    for words in ("3 active in the catalog", "1 releases on the disk", "stays: its repository", "stays: its audit"):
        assert words in answer.stdout, (words, answer.stdout)
    assert audit(agent) == [] and len(agent.releases()) == 1
    if agent_is_up:
        assert agent.value("alpha") == "alpha 1"
    assert json.loads(agent.cli("tenant list --format json").stdout)["tenants"][0]["status"] == "active"


def test_a_removed_tenant_is_gone_its_repository_stays_and_can_be_taken_back(either, demo):
    agent = either
    commit = demo.push()
    other = agent.tenant("other")
    push_one(other, "still here")
    assert agent.cli("sync").returncode == 0
    heads = demo._run("git", "for-each-ref", "refs/heads", cwd=demo.bare)
    answer = agent.cli("tenant remove", "demo", "--confirm", "--as", "olga", "--reason", "contract 12")
    assert answer.returncode == 0 and "3 active" in answer.stdout, answer
    assert audit(agent)[0] == ("demo", "remove", "olga", "contract 12")
    assert not (agent.data / "releases/demo").exists()
    assert demo._run("git", "for-each-ref", "refs/heads", cwd=demo.bare) == heads
    rows = json.loads(agent.cli("tenant list --format json").stdout)["tenants"]
    assert {row["tenantcode"]: row["status"] for row in rows} == {"demo": "removed", "other": "active"}
    for restart in (False, True):
        if restart or agent.process is None:
            agent.stop()
            agent.start()
        assert agent.http("/utils/v1/sync/demo").status == 404
        assert agent.http("/utils/v1/custom-utils/demo/-/-").status == 404
        agent.applied(other.head(), "other")
        assert agent.value("one", tenant="other") == "still here"
        demo.write("alpha", f"'while it is removed {restart}'")
        commit = demo.commit_and_push()
        codes = [row["tenantcode"] for row in json.loads(agent.cli("sync --format json").stdout)["tenants"]]
        assert codes == ["other"]
    again = agent.cli("tenant add", "demo")
    assert again.returncode == 0 and "took back" in again.stdout, again
    agent.applied(commit, phase="synced")
    assert agent.value("alpha") == "while it is removed True"
    assert {entry["id"] for entry in agent.entries().values()} == {1004, 1005, 1006}


def test_an_orphan_that_is_removed_leaves_nothing_and_its_name_is_free(either, demo):
    agent = either
    commit = demo.push()
    assert agent.cli("sync").returncode == 0
    demo.bare.rename(agent.folder / "away.git")
    assert agent.cli("sync").returncode == 1
    answer = agent.cli("tenant remove", "demo", "--confirm")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(agent.cli("tenant list --format json").stdout)["tenants"] == []
    assert agent.cli("tenant remove", "demo", "--confirm").returncode == 1
    if agent.process is None:
        agent.start()
    (agent.folder / "away.git").rename(demo.bare)
    agent.applied(commit, phase="synced")
    assert agent.entry("alpha")["id"] == 1004


@pytest.mark.parametrize("place", ["tenant.condemned", "tenant.emptied", "tenant.stopped"])
@pytest.mark.parametrize("way", ["restart", "repeat"])
def test_a_removal_that_was_killed_is_finished(agent, demo, place, way):
    demo.push()
    assert agent.cli("sync").returncode == 0
    answer = agent.cli("tenant remove", "demo", "--confirm", env={"SYNC_AGENT_FAULT": place})
    assert answer.returncode == -9
    if way == "repeat":
        answer = agent.cli("tenant remove", "demo", "--confirm")
        assert answer.returncode == 0, answer.stderr
        assert not (agent.data / "releases/demo").exists()
    agent.start()
    agent.wait(lambda: not (agent.data / "releases/demo").exists(), "the releases are gone")
    assert agent.http("/utils/v1/sync/demo").status == 404
    assert agent.http("/utils/v1/custom-utils/demo/-/-").status == 404
    assert demo.bare.exists()
    rows = json.loads(agent.cli("tenant list --format json").stdout)["tenants"]
    assert [row["status"] for row in rows] == ["removed"]


def test_unknown_tenants_are_not_removed(either):
    for arguments in (["nobody"], ["nobody", "--confirm"], ["../nobody", "--confirm"]):
        answer = either.cli("tenant remove", *arguments)
        assert answer.returncode == 1 and "nobody" in answer.stderr, answer
