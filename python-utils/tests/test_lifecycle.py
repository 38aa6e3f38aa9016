"""Start, control, refusal, and the end of a server."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest
from agent import PYTHON, SERVE, Client, Server, alive, eventually, in_background, write_release


def failed(agent, release, *flags):
    """The reason of a server that refuses to become ready."""
    server = agent.start(release, *flags, listen=False)
    reason = server.expect("failed")["reason"]
    assert server.wait() == 1
    assert server.workers() == []
    return reason


def test_every_mismatch_is_told_and_nothing_is_served(agent):
    release = write_release(agent.folder / "r", {"one": "return 1", "two": "return 2"},
                            {"lib/x.py": "x = 1\n", "lib/y.py": "y = 1\n"})
    (release / "utils/one.py").write_text("def one(data, filter): return 3\n")
    (release / "lib/x.py").unlink()
    reason = failed(agent, release)
    assert "utils/one.py has SHA-256" in reason
    assert "lib/x.py cannot be read: No such file" in reason
    assert "two" not in reason and "lib/y.py" not in reason


@pytest.mark.parametrize(("change", "text"), [
    (lambda m: m.update(format=2), "not of format 1"),
    (lambda m: m.update(tenant="acme"), "is of tenant acme, not demo"),
    (lambda m: m.pop("modules"), "`modules` is missing"),
    (lambda m: m["modules"].update({"lib/../../secret.py": ""}), "not the path of a Python file"),
    (lambda m: m["modules"].update({"/etc/x.py": ""}), "not the path of a Python file"),
    (lambda m: m["utilities"]["one"].update(file="utils/two.py"), "has to be utils/one.py"),
    (lambda m: m["utilities"]["one"].update(timeout=0), "timeout 0"),
    (lambda m: m["utilities"]["one"].update(env="abc"), "environment abc is not there"),
    (lambda m: m["utilities"].update(two={}), "utility two: bad entry"),
])
def test_a_manifest_that_is_wrong(agent, change, text):
    release = write_release(agent.folder / "r", {"one": "return 1"})
    manifest = json.loads((release / "release.json").read_text())
    change(manifest)
    (release / "release.json").write_text(json.dumps(manifest))
    assert text in failed(agent, release)


def test_other_reasons_to_fail(agent):
    release = write_release(agent.folder / "r", {"one": "return 1"})
    assert "release.json cannot be read" in failed(agent, agent.folder / "nowhere")
    assert "utility nine is not in it" in failed(agent, release, "--retiring", f"{release}:nine")
    with socket.socket() as unused:
        fd = unused.fileno()
        server = Server("--release", str(release), "--listen-fd", str(fd), fds=(fd,))
        assert "not a listening socket" in server.expect("failed")["reason"]
        assert server.wait() == 1
    server = agent.start(release, listen=False, stdin=subprocess.DEVNULL)
    assert "use --no-control" in server.expect("failed")["reason"]


def test_nothing_is_accepted_before_listen(agent):
    release = write_release(agent.folder / "r", {"one": "return 1"})
    server = agent.start(release, listen=False)
    server.expect("ready")
    waiting = in_background(lambda: agent.call("one"))
    server.send("nonsense")
    assert "unknown command" in server.expect("error")["reason"]
    server.process.stdin.write(b"not json\n")
    server.process.stdin.flush()
    assert "not a command" in server.expect("error")["reason"]
    server.command("listen", "listening")  # the event comes before any answer
    assert waiting().json["data"] == 1


def test_drain_answers_what_is_in_flight(agent):
    server = agent.serve({"nap": "import time\nopen(data, 'w').close()\ntime.sleep(.5)\nreturn 1"})
    started = agent.folder / "started"
    call = in_background(lambda: agent.call("nap", str(started)))
    eventually(started.exists)
    server.command("drain", "draining")
    assert server.events.empty()
    answer = call()
    assert (answer.status, answer.headers["Connection"]) == (200, "close")
    server.expect("drained")
    assert server.wait() == 0


def test_a_drain_is_bounded(agent):
    server = agent.serve({"one": "return 1"}, "--grace", "0.2", timeouts={"one": 1})
    with socket.create_connection(("127.0.0.1", agent.port)) as client:
        client.sendall(b"POST /one HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        agent.call("one")  # the half request has arrived as well
        server.send("drain")
        server.expect("draining")
        server.expect("drained")
        assert server.wait() == 0


def test_idle_connections_get_time_to_ask_once_more(agent):
    """With the agent's socket closed, connecting is refused, and the old release answers."""
    server = agent.serve({"one": "return 1"}, "--drain-idle", "1")
    with agent.client() as asks, agent.client() as silent:
        assert asks.call("one").status == silent.call("one").status == 200
        agent.socket.close()
        server.command("drain", "draining")
        answer = asks.call("one")
        assert (answer.json["data"], answer.headers["Connection"]) == (1, "close")
        server.expect("drained")
        assert silent.connection.sock.recv(1) == b""
    assert server.wait() == 0


def test_a_successor_that_does_not_accept_is_noticed(agent):
    """While the agent holds the socket, connecting succeeds with nobody behind it."""
    server = agent.serve({"one": "return 1"}, "--drain-idle", "5")
    with agent.client() as client:
        client.call("one")
        server.command("drain", "draining")
        assert client.call("one").json["data"] == 1
    assert server.logged("answering from the old release")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_drain(agent, number):
    server = agent.serve({"one": "return 1"})
    os.kill(server.pid, number)
    server.expect("draining")
    server.expect("drained")
    assert server.wait() == 0


def test_the_end_of_the_agent_is_the_end_of_the_server(agent):
    server = agent.serve({"hang": "import time\ntime.sleep(60)"})
    in_background(lambda: agent.call("hang"))
    workers = eventually(server.workers)
    server.process.stdin.close()
    assert server.process.wait(10) == 1
    for pid in workers:
        eventually(lambda: not alive(pid))


AGENT = """
import subprocess, sys, time
pipe = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
print(pipe.pid, flush=True)
time.sleep(60)
"""


def test_an_agent_killed_by_sigkill_takes_the_server_along(agent):
    release = write_release(agent.folder / "r", {"one": "return 1"})
    parent = subprocess.Popen(
        [sys.executable, "-c", AGENT, PYTHON, "-I", "-B", SERVE, "--release", str(release),
         "--tenant", "demo", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    pid = int(parent.stdout.readline())
    assert b'"ready"' in parent.stdout.readline()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    eventually(lambda: not alive(pid))


def test_in_a_container(agent):
    """--port binds by itself, listens at once and ignores stdin; two may share the port."""
    release = write_release(agent.folder / "r1", {"one": "return 1"})
    first = Server("--release", str(release), "--port", "0", "--no-control",
                   stdin=subprocess.DEVNULL)
    agent.servers.append(first)
    port = str(first.logged("listening")["port"])
    client = Client(int(port))
    assert client.request("GET", "/healthz").json["status"] == "ok"
    second = Server("--release", str(write_release(agent.folder / "r2", {"one": "return 2"})),
                    "--port", port, "--no-control", stdin=subprocess.DEVNULL)
    agent.servers.append(second)
    second.logged("listening")
    os.kill(first.pid, signal.SIGTERM)
    first.logged("draining")
    assert client.call("one").json["data"] == 2
    client.close()
    assert first.wait() == 0
    assert second.events.empty()


def test_nothing_is_left_behind(agent, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = agent.serve({"one": "import tempfile\nopen(tempfile.mktemp(), 'w').close()"})
    agent.call("one")
    server.send("drain")
    assert server.wait() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["r1"]
    assert [entry for entry in server.log if entry["level"] in ("ERROR", "CRITICAL")] == []


def test_what_a_killed_server_left_is_removed_by_the_next(agent, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    living = agent.serve({"one": "return 1"}, digest="living")
    killed = agent.serve({"one": "return 1"}, digest="killed")
    folders = set(tmp_path.glob("python-utils-*"))
    assert len(folders) == 2
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    for folder in folders:
        os.utime(folder, (0, 0))
    agent.serve({"one": "return 1"}, digest="next")
    eventually(lambda: len(list(tmp_path.glob("python-utils-*"))) == 2)
    assert living.process.poll() is None and agent.call("one").status == 200
