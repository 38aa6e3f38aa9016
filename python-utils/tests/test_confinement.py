"""What a server that was started with `--confine` hides from its utilities, and what it does not."""

import os
import sys
from pathlib import Path

import pytest

PACKAGE = str(Path(__file__).parents[1])
READ = """
def read(data, filter):
    import os
    try:
        if os.path.isdir(data):
            return len(os.listdir(data))
        with open(data, "rb") as file:
            return len(file.read())
    except OSError as error:
        return type(error).__name__
"""
WRITE = """
def write(data, filter):
    try:
        with open(data, "w") as file:
            file.write("x")
        return "written"
    except OSError as error:
        return type(error).__name__
"""


@pytest.fixture
def confined(agent, monkeypatch):
    """A server with a secret in its parent's environment, or a skip where the kernel has no Landlock."""

    def serve(utilities, **release):
        server = agent.serve(utilities, "--confine", **release)
        if any("no Landlock" in line["message"] for line in list(server.log)):
            pytest.skip("this kernel has no Landlock")
        return server

    return serve


def test_files_of_others_and_the_agents_environment_are_hidden(agent, confined):
    other = agent.folder / "other" / "utils" / "theirs.py"
    other.parent.mkdir(parents=True)
    other.write_text("TOKEN = 'theirs'\n")
    catalog = agent.folder / "catalog.sqlite"
    catalog.write_bytes(b"SQLite format 3")
    confined({"read": READ})
    # This very process is the server's parent, as the agent is.
    hidden = [
        other, other.parent, catalog, agent.folder, f"/proc/{os.getpid()}/environ",
        f"/proc/{os.getpid()}/root/etc/hostname", f"/proc/{os.getpid()}/cwd", "/etc/shadow", "/root",
        "/tmp", "/var/lib",
    ]
    for path in hidden:
        answer = agent.call("read", str(path)).json["data"]
        assert answer in ("PermissionError", "FileNotFoundError"), (path, answer)
    for path in (catalog, other, f"/proc/{os.getpid()}/environ"):
        assert agent.call("read", str(path)).json["data"] == "PermissionError", path
    assert agent.call("read", str(agent.folder / "r1" / "utils" / "read.py")).json["data"] > 0


def test_only_the_home_can_be_written(agent, confined):
    confined({"write": WRITE})
    for path in (
        agent.folder / "r1" / "release.json", agent.folder / "new", "/usr/new", "/etc/new",
        "/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj", f"{PACKAGE}/new.py", "/dev/shm/x",
    ):
        assert agent.call("write", str(path)).json["data"] != "written", path
    assert agent.call("write", "here").json["data"] == "written"
    assert agent.call("write", "/dev/null").json["data"] == "written"


def test_what_utilities_need_goes_on(agent, confined):
    confined({"work": """
        import ctypes, socket, ssl, subprocess, tempfile, time, os, shutil, zoneinfo, multiprocessing
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/a"); os.mkdir(f"{folder}/b")
            with open(f"{folder}/a/x", "w") as file: file.write("long")
            with open(f"{folder}/a/x", "w") as file: file.write("x")
            os.rename(f"{folder}/a/x", f"{folder}/b/x")
            shutil.rmtree(f"{folder}/b")
        one, two = multiprocessing.Pipe()
        one.send(1)
        server = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(server.getsockname())
        return {
            "address": socket.getaddrinfo("localhost", 80)[0][0] > 0,
            "tls": ssl.create_default_context() is not None,
            "run": subprocess.run(["/bin/sh", "-c", "echo hi"], capture_output=True).stdout.decode(),
            "received": two.recv(),
            "processors": os.cpu_count() > 0,
        }
    """})
    for _ in range(2):
        answer = agent.call("work")
        assert answer.status == 200, answer
        assert answer.json["data"] == {
            "address": True, "tls": True, "run": "hi\n", "received": 1, "processors": True}


def test_retiring_releases_and_packages_are_readable(agent, confined, tmp_path):
    from agent import write, write_release

    digest = "e" * 64
    environment = tmp_path / digest
    write(environment / "site-packages" / "shapes.py", "VERSION = 5\n")
    old = write_release(agent.folder / "old", {"gone": "return 'old'"}, digest="old")
    new = write_release(
        agent.folder / "new", {"use": "import shapes; return shapes.VERSION"}, digest="new",
        environments={"use": digest})
    server = agent.start(
        new, "--confine", "--retiring", f"{old}:gone", "--environment", str(environment))
    assert agent.call("use").json["data"] == 5
    assert agent.call("gone").json["data"] == "old"
    server.command("retire", "retired")
    assert agent.call("gone").status == 404


def test_a_confined_server_hands_over_and_drains(agent, confined):
    scratch = Path(os.environ["TMPDIR"])
    first = confined({"one": "return 1"})
    with agent.client() as client:
        assert client.call("one").json["data"] == 1
        confined({"one": "return 2"}, digest="r2")
        first.command("drain", "draining")
        assert client.call("one").json["data"] == 2
    assert len(list(scratch.iterdir())) == 2
    assert first.wait() == 0
    assert len(list(scratch.iterdir())) == 1, "its scratch folder went with it"
    assert not any("cannot be removed" in line["message"] for line in first.log)


def test_rights_are_given_up(agent, confined):
    confined({"look": """
        import socket
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        import os
        try:
            socket.socket(socket.AF_UNIX)
            local = "made"
        except OSError as error:
            local = type(error).__name__
        try:
            os.kill(data[1], 0)
            signal = "sent"
        except OSError as error:
            signal = type(error).__name__
        try:
            open(f"/proc/{os.getppid()}/mem", "rb")
            memory = "open"
        except OSError as error:
            memory = type(error).__name__
        return [status["CapEff"].strip(), status["CapBnd"].strip() if data[0] else "", status["NoNewPrivs"].strip(),
                open("/proc/self/oom_score_adj").read().strip(), local, signal, memory]
    """})
    asked = [os.geteuid() == 0, os.getpid()]
    effective, bounding, privileges, score, *refused = agent.call("look", asked).json["data"]
    assert int(effective, 16) == 0 and int(bounding or "0", 16) == 0
    assert (privileges, score) == ("1", "1000")
    local, signal, memory = refused
    assert (local, memory) == ("PermissionError", "PermissionError")
    if tuple(int(part) for part in os.uname().release.split(".")[:2]) >= (6, 12):
        assert signal == "PermissionError"


def test_without_landlock_the_server_says_what_is_open_and_goes_on(monkeypatch):
    monkeypatch.syspath_prepend(PACKAGE)
    from python_utils import confinement

    class OldKernel:
        @staticmethod
        def syscall(*arguments):
            confinement.ctypes.set_errno(confinement.errno.ENOSYS)
            return -1

        @staticmethod
        def prctl(*arguments):
            confinement.ctypes.set_errno(confinement.errno.EINVAL)
            return 0 if arguments[0] in (4, 38) else -1

        @staticmethod
        def capset(*arguments):
            return 0

    monkeypatch.setattr(confinement, "_libc", OldKernel)
    sentences = confinement.confine([], [])
    assert "no Landlock" in sentences[0] and "container engine" in sentences[1]
    sys.modules.pop("python_utils.confinement", None)
