"""Servers in containers: commands over a unix socket, and a port that successors share."""

import http.client
import json
import socket
import subprocess

import pytest

from agent import PYTHON, SERVE, Client, Server, eventually, in_background, write_release


class ControlClient(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("server", timeout=20)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def ask(self, method, path):
        self.request(method, path)
        answer = self.getresponse()
        return answer.status, json.loads(answer.read())


def answers(path):
    """Whether somebody accepts at the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start(tmp_path, port):
    servers = []

    def start(digest, utilities, *flags):
        release = write_release(tmp_path / digest, utilities, digest=digest)
        path = tmp_path / f"{digest}.sock"
        server = Server("--release", str(release), "--port", str(port), "--control-socket", str(path),
                        *flags, stdin=subprocess.DEVNULL)
        servers.append(server)
        eventually(lambda: answers(path))
        server.control = ControlClient(path)
        return server

    yield start
    for server in servers:
        server.control.close()
        server.close()


def test_a_server_tells_its_hashes_and_listens_when_told(start, port):
    server = start("r1", {"one": "return 1"})
    status, health = server.control.ask("GET", "/healthz")
    assert (status, health["status"], health["release"]) == (200, "ready", "r1")
    assert list(health["utilities"]) == ["one"]
    with pytest.raises(ConnectionRefusedError):
        Client(port)
    for _ in range(2):  # harmless when repeated
        assert server.control.ask("POST", "/listen")[1]["status"] == "listening"
    client = Client(port)
    assert client.call("one").json["data"] == 1
    client.close()


def test_one_release_after_another_on_one_port(start, port):
    old = start("old", {"which": "return 'old'", "slow": "import time\ntime.sleep(.5)\nreturn 'old'"})
    old.control.ask("POST", "/listen")
    kept, slow = Client(port), Client(port)
    assert kept.call("which").json["data"] == "old"
    answer = in_background(lambda: slow.call("slow").json["data"])
    eventually(old.workers)
    new = start("new", {"which": "return 'new'"})
    new.control.ask("POST", "/listen")
    assert old.control.ask("POST", "/drain")[1]["status"] == "draining"
    for _ in range(20):
        client = Client(port)
        assert client.call("which").json["data"] == "new"
        client.close()
    forwarded = kept.call("which")
    assert (forwarded.json["data"], forwarded.headers["Connection"]) == ("new", "close")
    assert answer() == "old"
    assert old.wait() == 0
    kept.close()
    slow.close()


def test_retire_and_what_is_unknown(start, port, tmp_path):
    old = write_release(tmp_path / "former", {"gone": "return 'old'"}, digest="former")
    server = start("r1", {"one": "return 1"}, "--retiring", f"{old}:gone")
    server.control.ask("POST", "/listen")
    client = Client(port)
    assert client.call("gone").json["data"] == "old"
    assert server.control.ask("POST", "/retire")[0] == 200
    assert client.call("gone").status == 404
    for method, path in [("GET", "/listen"), ("POST", "/healthz"), ("POST", "/one"), ("GET", "/")]:
        assert server.control.ask(method, path)[0] == 404
    client.close()


def test_a_socket_that_cannot_be_made_is_told(tmp_path, port):
    release = write_release(tmp_path / "r1", {"one": "return 1"})
    result = subprocess.run(
        [PYTHON, "-I", "-B", SERVE, "--tenant", "demo", "--release", str(release), "--port", str(port),
         "--control-socket", str(tmp_path / "none" / "s")],
        capture_output=True, text=True, timeout=20, check=False,
    )
    assert result.returncode == 1
    assert "none/s" in result.stderr or "No such file" in result.stderr


def test_processes_of_the_same_pid_namespace_are_refused(tmp_path, port):
    """As in a container, where the server is the first process."""
    release = write_release(tmp_path / "r1", {"one": "return 1"})
    probe = subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("pid namespaces are forbidden here: " + probe.stderr.decode().strip())
    path = tmp_path / "s"
    server = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child", PYTHON, "-I", "-B", SERVE, "--tenant", "demo",
         "--release", str(release), "--port", str(port), "--control-socket", str(path)],
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: answers(path))
        assert ControlClient(path).ask("GET", "/healthz")[0] == 200
        [inner] = open(f"/proc/{server.pid}/task/{server.pid}/children").read().split()
        asked = subprocess.run(
            ["nsenter", f"--target={inner}", "--pid", PYTHON, "-c",
             "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
             "s.sendall(b'POST /drain HTTP/1.0\\r\\n\\r\\n'); print(s.recv(99))", str(path)],
            capture_output=True, text=True, timeout=20, check=False,
        )
        assert "403" in asked.stdout, asked
        assert ControlClient(path).ask("GET", "/healthz")[1]["status"] == "ready"
    finally:
        server.kill()
        server.wait()
