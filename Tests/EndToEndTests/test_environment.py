"""Disks that are full or read-only, ports that are taken, a second agent."""

import shutil
import socket
import sqlite3
import subprocess
from contextlib import closing, contextmanager

import pytest

from support import wait_for


@contextmanager
def mounted(folder, *arguments):
    """A mount of root's; skips, with the reason, where there is none to be had."""
    result = subprocess.run(["mount", *arguments, str(folder)], capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.skip(f"cannot mount here: {result.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def read_only(folder):
    """`folder`, mounted on itself, refuses to be written."""
    with mounted(folder, "--bind", str(folder)):
        result = subprocess.run(
            ["mount", "-o", "remount,bind,ro", str(folder)], capture_output=True, text=True, check=False
        )
        if result.returncode:
            pytest.skip(f"cannot mount read-only here: {result.stderr.strip()}")
        yield


def one_line_error(result):
    """The sentence on stderr, the log's lines left aside."""
    assert result.returncode == 1, result
    lines = [line for line in result.stderr.strip().splitlines() if line and not line.startswith("{")]
    assert len(lines) == 1, result.stderr
    assert "Fatal" not in result.stderr and "/Sources/" not in result.stderr
    return lines[0]


def test_a_full_disk_fails_clearly_and_recovers(agent, demo):
    with mounted(agent.data, "-t", "tmpfs", "-o", "size=24m", "tmpfs"):
        try:
            agent.start()
            agent.applied(demo.push())
            before = agent.raw()
            filler = agent.data / "filler"
            with filler.open("wb", buffering=0) as file, pytest.raises(OSError):
                while True:
                    file.write(bytes(4096))
            demo.write("alpha", "'alpha 2' #" + "x" * 200_000)
            commit = demo.commit_and_push()
            status = agent.failed()
            error = status["report"]["error"]
            assert any(word in error.lower() for word in ("space", "full")), error
            assert str(agent.folder) not in error
            assert status["next_retry"]
            assert agent.raw() == before
            assert agent.value("alpha") == "alpha 1"
            filler.unlink()
            agent.applied(commit, phase="synced")
            assert agent.value("alpha") == "alpha 2"
        finally:
            agent.close()


def test_a_disk_that_is_full_at_the_start(agent, demo):
    with mounted(agent.data, "-t", "tmpfs", "-o", "size=24m", "tmpfs"):
        try:
            agent.start()
            agent.applied(demo.push())
            before = agent.raw()
            agent.stop()
            filler = agent.data / "filler"
            with filler.open("wb", buffering=0) as file, pytest.raises(OSError):
                while True:
                    file.write(bytes(4096))
            demo.write("alpha", "'alpha 2' #" + "x" * 200_000)
            commit = demo.commit_and_push()
            agent.start(ready=False)
            # Either it serves what it has and says what is wrong, or it ends and says it.
            wait_for(lambda: agent.process.poll() is not None or agent.is_ready(), "it is ready or ends")
            if agent.process.poll() is not None:
                assert any(word in agent.tail().lower() for word in ("space", "full"))
                filler.unlink()
                agent.start()
            else:
                agent.failed()
                assert agent.raw() == before
                filler.unlink()
            agent.applied(commit, phase="synced")
            assert agent.value("alpha") == "alpha 2"
        finally:
            agent.close()


def test_read_only_releases_fail_clearly_and_recover(agent, live):
    before = agent.raw()
    with read_only(agent.data / "releases"):
        live.write("alpha", "'alpha 2'")
        commit = live.commit_and_push()
        error = agent.failed()["report"]["error"]
        assert "read-only" in error.lower(), error
        assert str(agent.folder) not in error
        assert agent.raw() == before
        assert agent.value("alpha") == "alpha 1"
        assert agent.cli("sync").returncode == 1
        assert agent.cli("status").returncode == 3
    agent.applied(commit, phase="synced")
    assert agent.value("alpha") == "alpha 2"


@pytest.mark.parametrize("command", ["run", "sync"])
def test_a_read_only_data_folder_is_told_in_one_sentence(agent, live, command):
    agent.stop()
    with read_only(agent.data):
        result = agent.cli(command)
        assert "read-only" in one_line_error(result).lower(), result.stderr
    agent.start()
    agent.applied(live.head(), phase="synced")
    assert agent.value("alpha") == "alpha 1"


def test_a_second_agent_on_the_same_catalog_refuses(agent, live):
    before = agent.raw()
    result = agent.cli("run", server__port=agent.port + 15)
    line = one_line_error(result)
    assert "another agent" in line and ";" in line
    assert agent.raw() == before and agent.value("alpha") == "alpha 1"


def test_a_taken_port_is_named(agent, demo):
    demo.push()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", agent.port))
        taken.listen()
        result = agent.cli("run")
        line = one_line_error(result)
        assert str(agent.port) in line and "server.port" in line
        assert "descriptor:" not in line, f"words of the program's inside: {line}"
        assert "reconcile failed" not in result.stderr, "the tenant is not to blame"
        assert '"failed"' not in agent.cli("status --format json").stdout
    agent.start()
    agent.applied(demo.head(), phase="synced")


def test_a_taken_runtime_port_fails_that_tenant_and_recovers(agent, demo):
    commit = demo.push()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", agent.active_port))
        taken.listen()
        agent.start()
        error = agent.failed()["report"]["error"]
        assert str(agent.active_port) in error
        assert agent.http("/health").status == 200
        assert not agent.list()["data"], "not in the catalog before it is served"
    agent.applied(commit, phase="synced")
    assert agent.value("alpha") == "alpha 1"


def test_a_damaged_release_is_made_again(agent, live):
    agent.stop()
    (release,) = (agent.data / "releases/demo").iterdir()
    for path in release.rglob("alpha.py"):
        path.parent.chmod(0o755)
        path.chmod(0o644)
        path.write_text("def alpha(data, filter):\n    return 'not from git'\n")
    agent.start()
    agent.applied(live.head(), phase="synced")
    assert agent.value("alpha") == "alpha 1"


def test_lost_releases_are_made_again(agent, live):
    agent.stop()
    before = agent.data / "releases"
    subprocess.run(["chmod", "-R", "u+w", str(before)], check=True)
    shutil.rmtree(before)
    agent.start()
    agent.applied(live.head(), phase="synced")
    assert agent.value("alpha") == "alpha 1"


def test_one_damaged_status_in_the_catalog_stops_nobody(agent, live):
    """What can be worked out again, and only tells of the past, is not worth refusing to start."""
    other = agent.tenant("other")
    other.write("one", "'one'")
    agent.applied(other.commit_and_push(), "other")
    before, ids = agent.raw("other"), {key: entry["id"] for key, entry in agent.entries().items()}
    agent.stop()
    with closing(sqlite3.connect(agent.data / "catalog.sqlite")) as catalog, catalog:
        changed = catalog.execute(
            "UPDATE sync_state SET document = json_set(document, '$.report', 'of another version')"
            " WHERE tenantcode = 'demo'"
        )
        assert changed.rowcount == 1
    agent.start()
    agent.applied(other.head(), "other", phase="synced")
    agent.applied(live.head(), phase="synced")
    assert agent.raw("other") == before
    assert {key: entry["id"] for key, entry in agent.entries().items()} == ids


def test_a_root_that_cannot_be_made_is_told_in_plain_words(agent):
    (agent.folder / "plain").write_text("a file\n")
    for command in ("run", "sync"):
        line = one_line_error(agent.cli(command, repositories__root=agent.folder / "plain/repos"))
        assert "repositories.root" in line and "NSCocoaErrorDomain" not in line, line
