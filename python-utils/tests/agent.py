"""What the tests stand in for: the agent that owns the socket and starts servers, and clients."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import queue
import socket
import subprocess
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PYTHON = os.environ.get("PYTHON_UTILS_PYTHON", "/usr/bin/python3")
SERVE = str(Path(__file__).parents[1] / "serve.py")
PATIENCE = 20.0  # seconds after which a test fails; nothing is expected to take that long


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write_release(
    folder: Path,
    utilities: dict[str, str],
    modules: dict[str, str] | None = None,
    digest: str = "r1",
    timeouts: dict[str, float] | None = None,
    environments: dict[str, str] | None = None,
) -> Path:
    """A release folder; a utility is the body of its function, or a module that has `def`."""
    manifest: dict[str, Any] = {
        "format": 1, "release": digest, "tenant": "demo", "utilities": {}, "modules": {},
    }
    for name, source in utilities.items():
        source = textwrap.dedent(source).strip() + "\n"
        if "def " not in source:
            source = f"def {name}(data, filter):\n" + textwrap.indent(source, "    ")
        write(folder / "utils" / f"{name}.py", source)
        manifest["utilities"][name] = {
            "file": f"utils/{name}.py", "sha256": sha256(source),
            "env": (environments or {}).get(name, ""),
            "timeout": (timeouts or {}).get(name, 20),
        }
    for path, source in (modules or {}).items():
        write(folder / path, source)
        manifest["modules"][path] = sha256(source)
    write(folder / "release.json", json.dumps(manifest))
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def eventually(condition: Callable[[], Any]) -> Any:
    """The first true value of `condition`, waited for patiently."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)
    return value


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody reaps does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        return [int(x) for x in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One keep-alive connection, which never reconnects by itself."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.connect()
        self.connection.auto_open = 0

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())

    def call(self, name: str, data: Any = None, filter: Any = None) -> Answer:
        body = json.dumps({"data": data, "filter": filter}).encode()
        return self.request("POST", f"/{name}", body)

    def close(self) -> None:
        self.connection.close()


class Server:
    """A running server, its events and its log."""

    def __init__(self, *arguments: str, stdin: Any = subprocess.PIPE, fds: tuple[int, ...] = (),
                 env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [PYTHON, "-I", "-B", SERVE, "--tenant", "demo", *arguments],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=fds,
            env={**os.environ, **(env or {})},
        )
        self.pid = self.process.pid
        self.events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.log: list[dict[str, Any]] = []
        self._readers = [
            threading.Thread(target=self._read_events), threading.Thread(target=self._read_log)
        ]
        for reader in self._readers:
            reader.start()

    def _read_events(self) -> None:
        for line in self.process.stdout:
            self.events.put(json.loads(line))
        self.events.put(None)

    def _read_log(self) -> None:
        for line in self.process.stderr:
            self.log.append(json.loads(line))

    def send(self, command: str) -> None:
        self.process.stdin.write(json.dumps({"command": command}).encode() + b"\n")
        self.process.stdin.flush()

    def expect(self, event: str) -> dict[str, Any]:
        """The next event, which has to be this one."""
        found = self.events.get(timeout=PATIENCE)
        assert found and found["event"] == event, (found, self.log[-3:])
        return found

    def command(self, command: str, event: str) -> dict[str, Any]:
        self.send(command)
        return self.expect(event)

    def logged(self, text: str) -> dict[str, Any]:
        """The first log line with that text in its message."""
        return eventually(lambda: next((x for x in list(self.log) if text in x["message"]), None))

    def workers(self) -> list[int]:
        return children(self.pid)

    def wait(self) -> int:
        status = self.process.wait(PATIENCE)
        self.close()
        return status

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


class Agent:
    """Owns a listening socket and the servers that share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.socket.getsockname()[1]
        self.servers: list[Server] = []

    def start(self, release: Path, *flags: str, listen: bool = True, **settings: Any) -> Server:
        fd = self.socket.fileno()
        server = Server("--release", str(release), "--listen-fd", str(fd), *flags,
                        fds=(fd,), **settings)
        self.servers.append(server)
        if listen:
            server.ready = server.expect("ready")
            server.command("listen", "listening")
        return server

    def serve(self, utilities: dict[str, str], *flags: str, **release: Any) -> Server:
        folder = self.folder / release.get("digest", "r1")
        return self.start(write_release(folder, utilities, **release), *flags)

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        client = Client(self.port)
        try:
            yield client
        finally:
            client.close()

    def call(self, name: str, data: Any = None, filter: Any = None) -> Answer:
        with self.client() as client:
            return client.call(name, data, filter)

    def close(self) -> None:
        for server in self.servers:
            server.close()
        self.socket.close()


def in_background(work: Callable[[], Any]) -> Callable[[], Any]:
    """Run `work` in a thread; calling the result waits for its value or raises its error."""
    outcome: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue()

    def run() -> None:
        try:
            outcome.put((work(), None))
        except BaseException as error:
            outcome.put((None, error))

    threading.Thread(target=run, daemon=True).start()

    def result() -> Any:
        value, error = outcome.get(timeout=PATIENCE)
        if error:
            raise error
        return value

    return result
