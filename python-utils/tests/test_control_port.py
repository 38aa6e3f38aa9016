"""Tasks of a Swarm: a server that serves at once, a port for who knows the key, and the agent's line to it."""

import hashlib
import http.client
import json
import signal
import socket
import subprocess

import pytest

from agent import PATIENCE, PYTHON, SERVE, Client, Server, eventually, in_background, write_release
from test_control_socket import ControlClient, answers

KEY = "a key that no container has"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    former = write_release(tmp_path / "former", {"gone": "return 'old'"}, digest="former")
    release = write_release(tmp_path / "r1", {"one": "return 1", "long": "import time\ntime.sleep(60)"})
    port, control = free_port(), free_port()
    server = Server("--release", str(release), "--port", str(port), "--control-port", str(control),
                    "--control-key", DIGEST, "--journal", "10", "--retiring", f"{former}:gone",
                    stdin=subprocess.DEVNULL)
    server.port, server.control = port, control
    eventually(lambda: ask(server, "GET", "/healthz")[0] == 200)
    yield server
    server.close()


def ask(server, method, path, key=KEY):
    connection = http.client.HTTPConnection("127.0.0.1", server.control, timeout=PATIENCE)
    try:
        connection.request(method, path, headers={"Authorization": f"Bearer {key}"} if key else {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except OSError:
        return None, None
    finally:
        connection.close()


def test_it_listens_at_once_and_obeys_who_knows_the_key(server):
    assert ask(server, "GET", "/healthz")[1]["status"] == "listening"
    client = Client(server.port)
    assert client.call("one").json["data"] == 1
    page = ask(server, "GET", "/executions?after=0")[1]
    assert [each["name"] for each in page["records"]] == ["one"]
    assert ask(server, "GET", f"/executions?after={page['last']}")[1]["records"] == []
    slow = Client(server.port)
    answer = in_background(lambda: slow.call("long"))
    eventually(lambda: ask(server, "POST", "/cancel?user=0")[1] == {"cancelled": 1})
    assert answer().status == 500
    assert client.call("gone").json["data"] == "old"
    assert ask(server, "POST", "/retire")[0] == 200
    assert client.call("gone").status == 404
    # Swarm starts and stops it; nobody else does.
    for path in ("/listen", "/drain"):
        assert ask(server, "POST", path)[0] == 404
    client.close()
    slow.close()


@pytest.mark.parametrize("key", [None, "", "another", DIGEST])
def test_who_does_not_know_the_key_is_refused(server, key):
    for method, path in (("GET", "/healthz"), ("GET", "/executions?after=0"), ("POST", "/cancel?user=0"),
                         ("POST", "/retire")):  # fmt: skip
        assert ask(server, method, path, key)[0] == 403
    client = Client(server.port)
    assert client.call("gone").json["data"] == "old"
    client.close()


def test_port_and_key_belong_together(tmp_path):
    result = subprocess.run(
        [PYTHON, "-I", "-B", SERVE, "--tenant", "demo", "--release", str(tmp_path), "--port", "1",
         "--control-port", "2"], capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert result.returncode == 2 and "--control-key" in result.stderr


def test_the_line_passes_on_what_the_agent_asks(server, tmp_path):
    path = tmp_path / "s"
    line = subprocess.Popen([PYTHON, "-I", "-B", SERVE.replace("serve.py", "line.py"), str(path)])
    try:
        eventually(lambda: answers(path))

        def through(method, target, key=KEY):
            control = ControlClient(path)
            try:
                control.request(method, target, headers={"Authorization": f"Bearer {key}"})
                answer = control.getresponse()
                return answer.status, json.loads(answer.read())
            finally:
                control.close()

        place = f"/127.0.0.1:{server.control}"
        assert through("GET", f"{place}/healthz")[1]["status"] == "listening"
        assert through("POST", f"{place}/cancel?user=7") == (200, {"cancelled": 0})
        assert through("GET", f"{place}/healthz", key="another")[0] == 403
        assert through("GET", f"/127.0.0.1:{free_port()}/healthz")[0] == 502
        for bad in ("/", "/healthz", "/localhost:1/healthz", "/127.0.0.1/healthz", "/127.0.0.1:x/healthz"):
            assert through("GET", bad)[0] == 404
        line.send_signal(signal.SIGTERM)
        assert line.wait(PATIENCE) == 0
    finally:
        line.kill()
        line.wait()
