"""Hostile input: each kind gets a finding or a clear error, and nobody else is held up by it."""

import collections

import pytest

import hostile
from hostile import KINDS, matches
from hostile_world import World, was_run
from support import Agent
from test_auth import SECRET, token

# Source: the limit that the project sets itself, for the agent's growth and for each checker.
MEGABYTES = 256


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    agent = Agent(tmp_path_factory.mktemp("hostile"))
    try:
        yield World(agent)
    finally:
        agent.close()


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_kind(world, kind):
    outcome = world.run(kind)
    assert matches(kind, outcome.phase, outcome.text), outcome
    # Siblings go live beside a finding; under an error all that ran goes on.
    assert outcome.sibling == (outcome.phase not in ("failed", "held")), outcome
    assert outcome.agent_mb < MEGABYTES and outcome.checker_mb < MEGABYTES, outcome
    for path in (str(world.agent.folder), "/etc/passwd\n", "root:"):
        assert path not in outcome.text, "an answer names no path of the machine and nothing of its files"


def test_every_tenant_is_as_good_as_before(world):
    """Runs after the table: what a row left behind would show here."""
    assert world.still_good() == []
    assert not was_run(), "something of what was pushed ran"
    assert world.push_quietly()() is not None


def test_there_are_rows_for_each_class_of_hole():
    assert len(KINDS) >= 60 and len({kind.name for kind in KINDS}) == len(KINDS)
    rows = collections.Counter(kind.hole for kind in KINDS if kind.hole)
    for hole in (
        hostile.LINKS, hostile.PATHS, hostile.STOPS, hostile.BOMBS, hostile.RUNS, hostile.ARGUMENTS,
    ):  # fmt: skip
        assert rows[hole] >= 3, hole


# The classes that are no matter of a repository's content.


def test_tokens_in_logs_and_configuration(agent, demo, tmp_path):
    """Tokens in logs and in `config` files."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET.decode())
    secret.chmod(0o400)
    agent.settings["auth.secret_file"] = secret
    agent.settings["log.level"] = "trace"
    agent.start()
    bearer = token({"tenantcode": "demo"})
    for text in (bearer, "not.a.token", bearer[:-3]):
        agent.http("/utils/v1/sync/demo", headers={"Authorization": f"Bearer {text}"})
        agent.http(f"/utils/v1/sync/demo?access_token={text}")
    agent.stop()
    shown = agent.cli("config show").stdout + agent.cli("config show", "--format", "json").stdout
    log = agent.log.read_text()
    assert len(log) > 1000
    for text in (secret.read_text(), bearer, bearer.split(".")[2]):
        assert text not in log and text not in shown


def test_the_token_of_one_tenant_reads_nothing_of_another(agent, demo, tmp_path):
    """One tenant's token reading another's data (CVE-2026-54136, CVE-2025-55190)."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET.decode())
    secret.chmod(0o400)
    other = agent.tenant("other")
    other.write("private")
    other.commit_and_push()
    demo.push()
    agent.settings["auth.secret_file"] = secret
    assert agent.cli("sync").returncode == 0
    agent.start()
    bearer = {"Authorization": f"Bearer {token({'tenantcode': 'demo'})}"}
    assert agent.http("/utils/v1/custom-utils/demo/-/-", headers=bearer).status == 200
    for path in (
        "custom-utils/other/-/-", "custom-utils/other/1001", "sync/other", "audit/other", "history/other/1001",
        "source/other/1001", "executions/other", "events/other", "custom-utils/demo%2F..%2Fother/-/-",
        "custom-utils/OTHER/-/-", "sync/other/commits/main",
    ):  # fmt: skip
        answer = agent.http(f"/utils/v1/{path}", headers=bearer)
        assert answer.status == 404 and b"private" not in answer.body, (path, answer)
    listed = agent.http("/utils/v1/sync", headers=bearer)
    assert b"other" not in listed.body


def test_pages_of_nowhere_read_nothing(agent, live):
    """CORS `null` (CVE-2019-9580)."""
    for origin in ("null", "https://evil.example", "http://localhost"):
        answer = agent.http("/utils/v1/sync", headers={"Origin": origin})
        assert answer.headers.get("Access-Control-Allow-Origin") is None
    refused = agent.cli("config check", **{"server__cors__origins": "null"})
    assert refused.returncode == 1 and "null" in refused.stderr
