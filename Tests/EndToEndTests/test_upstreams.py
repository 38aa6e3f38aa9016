"""Tenants that follow an upstream: fetched by the agent itself, from real servers on loopback."""

import json
import os
import signal
import shutil

import pytest
from support import Tenant, descendants, request, wait_for
from upstream_servers import Authority, HTTPSGit, SSHGit


class Upstream(Tenant):
    """A repository elsewhere, with a clone to work in."""

    def __init__(self, folder, code="origin"):
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, code)
        self.write("alpha", "'alpha 1'")
        self.commit_and_push("First")


@pytest.fixture
def upstream(tmp_path):
    return Upstream(tmp_path / "elsewhere")


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "ca")


@pytest.fixture
def https(upstream, authority):
    server = HTTPSGit(upstream.bare.parent, authority)
    yield server
    server.close()


@pytest.fixture
def ssh(tmp_path):
    server = SSHGit(tmp_path / "ssh")
    yield server
    server.close()


@pytest.fixture
def following(agent, authority):
    """The agent's settings for upstreams; started by each test."""
    agent.settings |= {
        "upstreams.interval": 1, "upstreams.certificates": authority.ca, "policy.history": "any",
    }  # fmt: skip
    return agent


def gauges(agent):
    lines = [line.split() for line in agent.http("/metrics").body.decode().splitlines()]
    return {line[0]: float(line[1]) for line in lines if line and line[0] in ("upstreams", "upstreams_failing")}


def secret(agent, text, name="password"):
    file = agent.folder / name
    file.write_text(text)
    file.chmod(0o600)
    return file


def add(agent, url, *options, tenant="up"):
    return agent.cli("tenant add", tenant, "--from", url, *options)


def state(agent, tenant="up"):
    data = json.loads(agent.http(f"/utils/v1/sync/{tenant}").body)["data"]
    return data["upstream"]


def failing(agent, text, tenant="up"):
    """Waits until the upstream's error says so."""
    return agent.wait(
        lambda: (found := state(agent, tenant)) and text in (found.get("error") or "") and found,
        f"the upstream fails with {text}",
    )


def fetched(agent, tenant="up"):
    return agent.wait(
        lambda: (found := state(agent, tenant)) and "error" not in found and found, "it is fetched"
    )


def health(agent):
    """What `/health` says of the upstreams, None before it does."""
    checks = json.loads(request(agent.port, "GET", "/health").body)["checks"]
    return checks.get("upstreams", {}).get("status")


def leftovers(agent, tenant="up"):
    pack = agent.folder / "repos" / f"{tenant}.git" / "objects" / "pack"
    return [path.name for path in pack.iterdir() if path.name.startswith(("pack_git2_", "tmp_"))]


def large(tenant, size=3 << 20):
    """A file that no compression makes small."""
    with open("/dev/urandom", "rb") as random:
        tenant.put("assets/noise.bin", random.read(size))
    return tenant.commit("Noise")


def test_a_tenant_follows_a_server_with_tls_and_a_password(following, upstream, https):
    agent = following.start()
    password = secret(agent, f"mirror:{https.password}\n")
    added = add(agent, https.url("origin.git"), "--credentials", password)
    assert added.returncode == 0 and "follows https://localhost" in added.stdout, added
    agent.applied(upstream.head(), tenant="up", phase="synced")
    assert agent.value("alpha", tenant="up") == "alpha 1"

    # Without a word: a change, a trial branch, its end, a forced push; never a tag.
    upstream.write("alpha", "'alpha 2'")
    agent.applied(upstream.commit_and_push(), tenant="up", phase="synced")
    assert agent.value("alpha", tenant="up") == "alpha 2"
    upstream.git("tag", "v1")
    upstream.git("push", "-q", "origin", "v1")
    upstream.write("alpha", "'trial'")
    upstream.commit()
    trial = upstream.push(branch="trial")
    agent.applied(trial, tenant="up", branch="trial")
    upstream.git("push", "-q", "origin", ":trial")
    agent.wait(lambda: agent.branch("up", "trial") is None, "the trial branch is gone")
    upstream.git("reset", "-q", "--hard", "HEAD~2")
    upstream.write("alpha", "'another way'")
    upstream.commit()
    agent.applied(upstream.push("--force"), tenant="up", phase="synced")
    bare = agent.folder / "repos" / "up.git"
    refs = upstream._run("git", "for-each-ref", "--format=%(refname)", cwd=bare).split()
    assert [ref for ref in refs if not ref.startswith(("refs/notes/", "refs/sync/"))] == ["refs/heads/main"]

    shown = state(agent)
    assert shown["url"] == https.url("origin.git") and shown["last_fetch"] and shown["next_try"]
    agent.wait(lambda: health(agent) == "healthy", "health tells of it")
    # Across a restart; the secret is nowhere but in its own file.
    agent.kill()
    agent.start()
    upstream.write("alpha", "'alpha 5'")
    agent.applied(upstream.commit_and_push(), tenant="up", phase="synced")
    agent.stop()
    for path in agent.folder.rglob("*"):
        if path.is_file() and path != password:
            assert https.password.encode() not in path.read_bytes(), path
    record = agent.settings["repositories.root"] / ".sync-agent/upstreams/up.json"
    assert record.stat().st_mode & 0o777 == 0o600
    assert not leftovers(agent)


def test_sync_hurries_and_works_alone(following, upstream, https):
    agent = following
    agent.settings["upstreams.interval"] = "1h"
    password = secret(agent, f"mirror:{https.password}\r\n")
    assert add(agent, https.url("origin.git"), "--credentials", password).returncode == 0
    agent.start()
    agent.applied(upstream.head(), tenant="up", phase="synced")
    upstream.write("alpha", "'alpha 2'")
    commit = upstream.commit_and_push()
    assert agent.cli("sync", "--tenant", "up").returncode == 0
    assert agent.branch("up")["applied"] == f"main@sha1:{commit}"
    agent.stop()
    upstream.write("alpha", "'alpha 3'")
    commit = upstream.commit_and_push()
    alone = agent.cli("sync", "--format", "json")
    assert alone.returncode == 0, alone
    [tenant] = json.loads(alone.stdout)["tenants"]
    assert tenant["branches"][0]["revision"] == f"main@sha1:{commit}" and tenant["upstream"]["last_fetch"]


def test_what_a_server_does_wrong_harms_its_tenant_alone(following, upstream, https):
    agent = following
    agent.settings |= {"upstreams.max_pack": 1, "upstreams.timeout": 5}
    agent.start()
    password = secret(agent, "mirror:wrong")
    refused = add(agent, https.url("origin.git"), "--credentials", password)
    assert refused.returncode == 1 and "is added" in refused.stderr, refused
    assert "the server refuses the credentials" in refused.stderr
    assert "wrong" not in refused.stderr.replace("mirror:wrong", "wrong")
    agent.wait(lambda: health(agent) == "degraded", "health tells of it")
    assert request(agent.port, "GET", "/health/ready").status == 200
    password.write_text(f"mirror:{https.password}")
    agent.applied(upstream.head(), tenant="up", phase="synced")
    first = upstream.head()

    # Another tenant goes on through all of it.
    other = agent.tenant("other")
    other.write("beta", "'beta'")

    def goes_on(text):
        other.write("beta", f"'{text}'")
        agent.applied(other.commit_and_push(), tenant="other", phase="synced")
        assert agent.value("beta", tenant="other") == text
        assert agent.value("alpha", tenant="up") == "alpha 1"
        assert agent.branch("up")["applied"] == f"main@sha1:{first}"
        assert not leftovers(agent)

    https.fault = "hang"
    failing(agent, "did not end within 5 s")
    goes_on("while it hangs")
    assert agent.cli("status").returncode == 3 and "upstream:" in agent.cli("status").stdout
    https.fault = "cut"
    https.release()
    upstream.put("README.md", "text " * 1000)
    upstream.commit_and_push()
    agent.wait(
        lambda: (error := state(agent).get("error")) and "did not end" not in error and error,
        "the cut is told",
    )
    goes_on("while it is cut")
    https.fault = None
    upstream.git("reset", "-q", "--hard", first)
    large(upstream)
    upstream.git("push", "-qf", "origin", "HEAD:main")
    failing(agent, "more than 1 MiB")
    goes_on("while it is too large")
    moved = upstream.bare.with_name("moved.git")
    upstream.bare.rename(moved)
    agent.wait(
        lambda: (error := state(agent).get("error")) and "MiB" not in error and error,
        "that it is gone is told",
    )
    goes_on("while it is gone")
    # All is well again by itself.
    moved.rename(upstream.bare)
    upstream.git("reset", "-q", "--hard", first)
    upstream.write("alpha", "'well again'")
    upstream.commit()
    agent.applied(upstream.push("--force"), tenant="up", phase="synced")
    assert agent.value("alpha", tenant="up") == "well again"
    fetched(agent)


def test_a_certificate_that_nobody_vouches_for(following, upstream, https, tmp_path):
    agent = following.start(upstreams__certificates=Authority(tmp_path / "other").ca)
    before = https.requests
    password = secret(agent, f"mirror:{https.password}")
    refused = agent.cli("tenant add", "up", "--from", https.url("origin.git"), "--credentials", password)
    assert refused.returncode == 1 and "certificate is not trusted" in refused.stderr, refused
    assert https.requests == before, "nothing was said to a server that is not known"
    # The right authority, but another name.
    agent.stop()
    agent.start()
    wrong = https.url("origin.git").replace("localhost", "127.0.0.1")
    refused = add(agent, wrong, "--credentials", password, tenant="name")
    assert refused.returncode == 1 and "certificate is not trusted" in refused.stderr, refused
    assert https.requests == before or state(agent).get("last_fetch"), "only the other one was fetched"


def test_a_server_over_ssh(following, upstream, ssh):
    agent = following.start()
    url = ssh.url(upstream.bare)
    for tenant, options, problem in (
        ("nokey", (), "needs a private key"),
        ("nohosts", ("--key", ssh.key()), "no host keys are known"),
        ("wronghost", ("--key", ssh.key(), "--known-hosts", ssh.known_hosts("other_host")), "host key"),
        ("wrongkey", ("--key", ssh.key("stranger"), "--known-hosts", ssh.known_hosts()),
         "refuses the credentials"),
    ):  # fmt: skip
        refused = add(agent, url, *options, tenant=tenant)
        assert refused.returncode == 1 and problem in refused.stderr, (tenant, refused.stderr)
    trusted = ("--key", ssh.key(), "--known-hosts", ssh.known_hosts())
    added = add(agent, url, *trusted)
    assert added.returncode == 0, added
    agent.applied(upstream.head(), tenant="up", phase="synced")
    upstream.write("alpha", "'over ssh'")
    agent.applied(upstream.commit_and_push(), tenant="up", phase="synced")
    assert agent.value("alpha", tenant="up") == "over ssh"


def test_a_path_and_what_is_no_address(following, upstream):
    agent = following.start()
    for url, problem in (
        ("http://localhost/x.git", "is not spoken"),
        ("git://localhost/x.git", "is not spoken"),
        ("ext::sh -c true", "spaces"),
        ("ext::true", "no address"),
        ("https://mirror:word@localhost/x.git", "has a password"),
        ("ssh://-oProxyCommand=true/x", "no plain host"),
        ("-oProxyCommand=true:x", "no address"),
        ("-oProxyCommand=true@host:x", "no plain user"),
        ("https://localhost", "names no repository"),
        ("file:///a/../b", "without `..`"),
        ("relative/path", "no address"),
        ("https://local\nhost/x", "control"),
    ):
        refused = agent.cli("tenant add", "up", f"--from={url}")
        assert refused.returncode == 1 and problem in refused.stderr, (url, refused)
        assert "word" not in refused.stderr.replace("password", "")
    assert agent.http("/utils/v1/sync/up").status == 404
    open_file = secret(agent, "mirror:x")
    open_file.chmod(0o644)
    refused = add(agent, "https://localhost/x.git", "--credentials", open_file)
    assert refused.returncode == 1 and "chmod 600" in refused.stderr
    assert add(agent, upstream.bare).returncode == 0
    agent.applied(upstream.head(), tenant="up", phase="synced")
    # A branch that takes the name of a folder of branches, and back.
    for old, new in (("topic", "topic/a"), ("topic/a", "topic")):
        upstream.git("push", "-q", "origin", f"HEAD:refs/heads/{old}")
        bare = agent.folder / "repos" / "up.git"
        agent.wait(lambda old=old: (bare / "refs/heads" / old).is_file(), f"{old} is there")
        upstream.git("push", "-q", "origin", f":{old}")
        upstream.git("push", "-q", "origin", f"HEAD:refs/heads/{new}")
        agent.wait(lambda new=new: (bare / "refs/heads" / new).is_file(), f"{new} is there")
        upstream.git("push", "-q", "origin", f":{new}")
        agent.wait(lambda new=new: not (bare / "refs/heads" / new).exists(), f"{new} is gone")
    # An upstream that lost all its branches takes nothing away.
    before = agent.raw("up")
    shutil.rmtree(upstream.bare / "refs")
    (upstream.bare / "refs").mkdir()
    (upstream.bare / "packed-refs").unlink(missing_ok=True)
    failing(agent, "has no branch")
    assert agent.raw("up") == before
    agent.wait(lambda: gauges(agent) == {"upstreams": 1, "upstreams_failing": 1}, "the metrics tell of it")
    assert agent.cli("tenant remove", "up", "--confirm").returncode == 0
    assert not (agent.settings["repositories.root"] / ".sync-agent/upstreams/up.json").exists()
    agent.wait(lambda: gauges(agent) == {"upstreams": 0, "upstreams_failing": 0}, "the metrics tell of the end")


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_an_agent_that_ends_while_it_fetches(following, upstream, https, how):
    agent = following.start()
    password = secret(agent, f"mirror:{https.password}")
    assert add(agent, https.url("origin.git"), "--credentials", password).returncode == 0
    agent.applied(upstream.head(), tenant="up", phase="synced")
    https.fault = "hang"
    seen = https.requests
    agent.wait(lambda: https.requests > seen, "a fetch is under way")
    agent.note_processes()
    assert descendants(agent.process.pid)
    status = getattr(agent, how)()
    assert status == (0 if how == "stop" else -signal.SIGKILL)
    agent.leaves_nothing()
    # What a cut leaves is taken away by the next fetch.
    pack = agent.folder / "repos/up.git/objects/pack"
    (pack / "pack_git2_4711").write_bytes(b"half a pack")
    https.fault = None
    https.release()
    upstream.write("alpha", "'after it'")
    commit = upstream.commit_and_push()
    agent.start()
    agent.applied(commit, tenant="up", phase="synced")
    assert agent.value("alpha", tenant="up") == "after it"
    wait_for(lambda: not leftovers(agent), "nothing is left of the cut")


def test_many_fetches_take_bounded_room(following, upstream):
    """Each fetch brings a pack: after fifty of them one pack has what the refs reach."""
    agent = following
    agent.settings["upstreams.interval"] = "1h"
    agent.settings["runtime.driver"] = "none"
    agent.start()
    assert add(agent, upstream.bare).returncode == 0
    agent.applied(upstream.head(), tenant="up", phase="synced")
    packs = agent.folder / "repos" / "up.git" / "objects" / "pack"
    first = set(packs.glob("*.pack"))
    for number in range(51):
        upstream.write("alpha", f"'{number}'")
        commit = upstream.commit_and_push()
        assert agent.cli("sync", "--tenant", "up").returncode == 0
    agent.applied(commit, tenant="up", phase="synced")
    superseded = packs.parent / "info" / "superseded-packs"
    agent.wait(superseded.exists, "the packs were packed anew")
    newest, *former = superseded.read_text().split()
    assert (packs / f"{newest}.pack").exists() and len(former) > 50 and {path.stem for path in first} <= set(former)
    # They stay for who reads them, and go with a later fetch.
    assert len(list(packs.glob("*.pack"))) > 50
    long_ago = superseded.stat().st_mtime - 3600
    os.utime(superseded, (long_ago, long_ago))
    upstream.write("alpha", "'last'")
    commit = upstream.commit_and_push()
    assert agent.cli("sync", "--tenant", "up").returncode == 0
    agent.wait(lambda: len(list(packs.glob("*.pack"))) <= 3, "the former packs are gone")
    assert agent.applied(commit, tenant="up", phase="synced")
    upstream._run("git", "fsck", "--full", cwd=packs.parent.parent)
    assert not leftovers(agent)
