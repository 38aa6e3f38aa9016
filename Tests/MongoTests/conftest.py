"""The agent over a MongoDB-protocol server; without the server everything is skipped, with the reason.

`MONGODB_URI` names a real server; else each server is SecantusDB on a free port of this machine.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "EndToEndTests")]

from support import Agent, CHECKOUT, PATIENCE, end_in_order, unusable  # noqa: E402

end_in_order()

SERVER = Path(os.environ.get("SECANTUSDB") or CHECKOUT / ".build/mongo-venv/bin/secantusd-py")
GIVEN = os.environ.get("MONGODB_URI")


def _reason():
    if not GIVEN and not os.access(SERVER, os.X_OK):
        return f"no MongoDB-protocol server at {SERVER}: run scripts/setup test, or set MONGODB_URI"
    return unusable()


REASON = _reason()


def pytest_collection_modifyitems(items):
    for item in items:
        if REASON:
            item.add_marker(pytest.mark.skip(reason=REASON))


def pytest_terminal_summary(terminalreporter):
    if REASON:
        terminalreporter.write_sep("!", f"the catalog in MongoDB was not tested: {REASON}", red=True)


class Server:
    """SecantusDB in a folder of its own; it keeps its port over restarts."""

    def __init__(self, folder, *arguments):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.arguments = arguments
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.uri = f"mongodb://127.0.0.1:{self.port}/"
        self.process = None

    def start(self, *arguments):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                # Without syncing it loses acknowledged transactions when it is killed, unlike a mongod.
                [SERVER, "--host", "127.0.0.1", "--port", str(self.port), "--sync-on-commit",
                 "--storage-path", self.folder / "data", *(arguments or self.arguments)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.02)

    def end(self, number=signal.SIGKILL):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE)


@pytest.fixture
def new_server(tmp_path):
    """Makes servers, and ends each by its process id."""
    servers = []

    def make(*arguments):
        servers.append(Server(tmp_path / f"server-{len(servers)}", *arguments))
        return servers[-1].start()

    yield make
    for server in servers:
        server.end()


@pytest.fixture(scope="session")
def shared_uri(tmp_path_factory):
    """One server for the tests that do not harm it."""
    if GIVEN:
        yield GIVEN
        return
    server = Server(tmp_path_factory.mktemp("mongo")).start()
    yield server.uri
    server.end()


@pytest.fixture
def new_agent(tmp_path):
    """Makes agents over a server, with databases of their own, and ends each by its process id."""
    agents = []

    def make(uri, name="agent", prefix=None):
        agent = Agent(tmp_path / name)
        agent.prefix = prefix or f"t{uuid.uuid4().hex[:8]}_"
        agent.settings |= {
            "catalog.url": uri, "catalog.database_prefix": agent.prefix,
            "catalog.core_database": agent.prefix + "core", "agent.state": agent.data / "state",
        }  # fmt: skip
        agents.append(agent)
        return agent

    yield make
    for agent in agents:
        agent.close()


@pytest.fixture
def agent(new_agent, shared_uri):
    return new_agent(shared_uri)


@pytest.fixture
def databases(agent, shared_uri):
    """The tenant's and the core database, through another driver."""
    import pymongo

    client = pymongo.MongoClient(shared_uri)
    yield client[agent.prefix + "demo"], client[agent.prefix + "core"]
    client.close()


@pytest.fixture(scope="session")
def sample():
    return CHECKOUT / "sample-repo"
