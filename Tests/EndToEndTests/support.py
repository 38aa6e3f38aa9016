"""The real agent, real repositories and loopback HTTP, as an operator has them."""

import collections
import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import quote

CHECKOUT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("SYNC_AGENT") or CHECKOUT / ".build/debug/sync-agent").absolute()
RUNTIME_SOURCE = CHECKOUT / "python-utils"
# A bound for what must come true, not a measure: machines that run tests are slow at times.
PATIENCE = 30
TIMES = ("createddate", "updateddate")


def unusable():
    """Why nothing here can run, or None."""
    if not os.access(BINARY, os.X_OK):
        return f"no agent at {BINARY}: build it (swift build --product sync-agent) or set SYNC_AGENT"
    probe = subprocess.run(
        ["/usr/bin/python3", "-c", "import aiohttp"], capture_output=True, check=False
    )
    if probe.returncode:
        return "/usr/bin/python3 has no aiohttp, which the runtime needs: apt-get install python3-aiohttp"
    return None


def wait_for(condition, what, alive=None, patience=PATIENCE):
    """The first true value of `condition`, asked again and again."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if alive is not None:
            alive(what)
        if time.monotonic() > deadline:
            raise AssertionError(f"this never came true: {what}; last: {value!r}")
        time.sleep(0.02)


# MARK: Processes


def _stat(pid):
    """Parent and start time of a process, or None."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rsplit(")", 1)[1].split()
    if fields[0] in "ZX":
        return None
    return int(fields[1]), int(fields[19])


def descendants(pid):
    """Every process below `pid`, as pairs that stay unique when numbers are used again."""
    children = collections.defaultdict(list)
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat := _stat(int(name))):
            children[stat[0]].append(int(name))
            found[int(name)] = stat[1]
    result, pending = set(), [pid]
    while pending:
        for child in children[pending.pop()]:
            result.add((child, found[child]))
            pending.append(child)
    return result


def living(processes):
    """Those of `processes` that still run, with their command lines."""
    left = []
    for pid, started in processes:
        stat = _stat(pid)
        if stat and stat[1] == started:
            try:
                left.append((pid, Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")))
            except OSError:
                pass
    return left


BLOCK = 16


def free_ports(count=BLOCK):
    """The first of `count` neighbouring ports that nobody has, below the ephemeral ones, and what
    holds them.

    Each block of them is held by a name in Linux's abstract namespace, which is as wide as that of
    the ports, until what is given is closed: two runs on one machine never choose the same.
    """
    for first in random.sample(range(20000, 32000, BLOCK), 12000 // BLOCK):
        with contextlib.ExitStack() as holds:
            try:
                for block in range(first, first + count, BLOCK):
                    holds.enter_context(socket.socket(socket.AF_UNIX)).bind(
                        f"\0sync-agent-test-ports-{block}"
                    )
                for port in range(first, first + count):
                    with socket.socket() as probe:
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first, holds.pop_all()
    raise AssertionError("no free block of ports")


def end_in_order():
    """Has SIGTERM end a run of tests as Ctrl-C does: what the fixtures started is stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


# MARK: HTTP

Answer = collections.namedtuple("Answer", "status headers body")


def request(port, method, path, body=None, headers=None, timeout=PATIENCE):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


ENVELOPE = {
    "success": bool, "data": object, "error": str, "time": int, "displaymessage": str, "status": str,
    "errorpath": str, "sessionexpired": bool, "field": list, "count": int,
}  # fmt: skip


def envelope(answer):
    """The LLD's ResponseModel, checked."""
    value = json.loads(answer.body)
    assert set(value) == set(ENVELOPE), value
    for key, kind in ENVELOPE.items():
        assert isinstance(value[key], kind), (key, value[key])
    return value


def without_times(entry):
    """An entry without what tells of the writing, and without its agent's ports."""
    entry = {key: value for key, value in entry.items() if key not in TIMES}
    entry["sync"] = {key: value for key, value in entry["sync"].items() if key != "synced_at"}
    entry["rest_url"] = re.sub(r":\d+/", ":PORT/", entry["rest_url"])
    entry["port"] = "PORT"
    return entry


# MARK: Repositories


class Tenant:
    """A bare repository below the agent's root and a clone to work in."""

    def __init__(self, folder, code):
        self.code = code
        self.bare = Path(folder) / "repos" / f"{code}.git"
        self.clone = Path(folder) / "clones" / code
        self._clock = 1_700_000_000
        self.bare.parent.mkdir(parents=True, exist_ok=True)
        self.clone.parent.mkdir(parents=True, exist_ok=True)
        # Made elsewhere and renamed: an agent that runs never sees half a repository.
        staging = Path(folder) / f"{code}.staging"
        self._run("git", "init", "-q", "--bare", "-b", "main", str(staging), cwd=folder)
        staging.rename(self.bare)
        self._run("git", "clone", "-q", str(self.bare), str(self.clone), cwd=folder)
        self.git("checkout", "-q", "-B", "main")

    @staticmethod
    def _run(*command, cwd, env=None, check=True):
        result = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, check=False, env=git_environment(env)
        )
        assert not check or result.returncode == 0, (command, result.stdout, result.stderr)
        return result.stdout

    def git(self, *arguments, author="Dana", committer=None, **options):
        """Git in the clone, at a moment that only this repository's history decides."""
        self._clock += 60
        moment = f"{self._clock} +0000"
        env = {
            "GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": f"{author.lower()}@acme.example",
            "GIT_COMMITTER_NAME": committer or author,
            "GIT_COMMITTER_EMAIL": f"{(committer or author).lower()}@acme.example",
            "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment,
        }  # fmt: skip
        return self._run("git", *arguments, cwd=self.clone, env=env, **options)

    def put(self, path, text):
        """Writes one file of the clone."""
        target = self.clone / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            target.write_bytes(text)
        else:
            target.write_text(text)

    def write(self, name, answer="1", *, code=None, folder="utils", **metadata):
        """A utility whose function is `code`, or returns the expression `answer`."""
        self.put(f"{folder}/{name}.py", code or f"def {name}(data, filter):\n    return {answer}\n")
        self.put(f"{folder}/{name}.yaml", sidecar(**metadata))

    def remove(self, name, folder="utils"):
        for path in (self.clone / folder).glob(f"{name}.*"):
            path.unlink()

    def copy(self, folder):
        """A folder's files into the clone."""
        shutil.copytree(
            folder, self.clone, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*_cache")
        )

    def commit(self, message="Change", **who):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, **who)
        return self.head()

    def head(self, name="HEAD"):
        return self.git("rev-parse", name).strip()

    def push(self, *arguments, branch="main"):
        """Pushes what is checked out to `branch`; its commit."""
        self.git("push", "-q", *arguments, "origin", f"HEAD:refs/heads/{branch}")
        return self.head()

    def commit_and_push(self, message="Change", branch="main", **who):
        self.commit(message, **who)
        return self.push(branch=branch)


def git_environment(extra=None):
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**inherited, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **(extra or {})}


def sidecar(**metadata):
    """A metadata file with the required keys and `metadata`; None leaves a key out."""
    values = {
        "description": "A utility of the tests.", "category": "Tests", "input_label": "Input",
        "filter_label": "Filter", **metadata,
    }  # fmt: skip
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items() if value is not None)


# MARK: The agent


class Agent:
    """One `sync-agent` in a folder of its own."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.data.mkdir(exist_ok=True)
        (self.folder / "repos").mkdir(exist_ok=True)
        first, self._ports = free_ports()
        self.port, self.active_port, self.trial_port = first, first + 1, first + 2
        self.settings = {
            "server.port": first, "runtime.port": first + 1, "runtime.trial_port": first + 2,
            "runtime.port_range": f"{first + 3}-{first + 15}",
            "repositories.root": self.folder / "repos",
            "catalog.url": f"sqlite:{self.data}/catalog.sqlite", "releases.root": self.data / "releases",
        }  # fmt: skip
        if CHECKOUT not in BINARY.parents:
            self.settings["runtime.source"] = RUNTIME_SOURCE
        self.process = None
        self.log = self.folder / "agent.log"
        self._seen = set()

    # Running

    def tenant(self, code="demo"):
        return Tenant(self.folder, code)

    def arguments(self, **changes):
        settings = {**self.settings, **{key.replace("__", "."): value for key, value in changes.items()}}
        return [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]

    def start(self, fault=None, ready=True, **changes):
        """Starts `sync-agent run`; with `ready`, waits until it is."""
        assert self.process is None or self.process.poll() is not None, "it runs already"
        env = git_environment({"SYNC_AGENT_FAULT": fault} if fault else None)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "run", *self.arguments(**changes)], cwd=self.folder, env=env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        if ready:
            self.wait(self.is_ready, "the agent is ready")
        return self

    def is_ready(self):
        try:
            return request(self.port, "GET", "/health/ready").status == 200
        except OSError:
            return False

    def alive(self, what="it runs"):
        if self.process is None or self.process.poll() is not None:
            code = None if self.process is None else self.process.returncode
            raise AssertionError(f"the agent ended ({code}) before {what}\n{self.tail()}")

    def tail(self):
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    # Longer where several machines stand on this one.
    patience = PATIENCE

    def wait(self, condition, what):
        try:
            return wait_for(condition, what, self.alive, self.patience)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tail()}") from None

    def note_processes(self):
        """Remembers what runs below the agent, for the day it does not."""
        if self.process is not None and self.process.poll() is None:
            self._seen |= descendants(self.process.pid)
        return self._seen

    def stop(self):
        """SIGTERM; the exit code."""
        return self.end(signal.SIGTERM)

    def kill(self):
        return self.end(signal.SIGKILL)

    def end(self, number):
        if self.process is None:
            return None
        self.note_processes()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.ended()

    def ended(self):
        """Waits for the agent's end; its exit code."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the agent did not end\n{self.tail()}") from None

    def leaves_nothing(self):
        """Waits until no process that was seen below the agent runs."""
        wait_for(lambda: not living(self._seen), f"none of {self._seen} runs")

    def close(self):
        """The end of a test: nothing of it stays, whatever happened."""
        try:
            self.stop()
        finally:
            deadline = time.monotonic() + 10
            while (left := living(self._seen)) and time.monotonic() < deadline:
                time.sleep(0.02)
            for pid, _ in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self._ports.close()

    def cli(self, command, *arguments, configured=True, env=None, **changes):
        """Another command beside the agent: exit code, standard output, standard error."""
        settings = self.arguments(**changes) if configured else []
        result = subprocess.run(
            [BINARY, *command.split(), *map(str, arguments), *settings], cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=PATIENCE * 2,
            env=git_environment(env), stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return result

    # Asking

    def http(self, path, method="GET", headers=None, body=None):
        return request(self.port, method, path, body, headers)

    def get(self, path):
        """The envelope of a GET that succeeds as HTTP."""
        answer = self.http(path)
        assert answer.status == 200, answer
        return envelope(answer)

    def list(self, tenant="demo", user="-", name="-", **query):
        text = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in query.items())
        return self.get(f"/utils/v1/custom-utils/{tenant}/{user}/{quote(name)}" + ("?" + text if text else ""))

    def entries(self, tenant="demo", status="all"):
        """All entries by (name, status); an entry that is there twice fails."""
        result = {}
        for entry in self.list(tenant, status=status, limit=1000)["data"]:
            key = (entry["name"], entry["status"])
            assert key not in result, f"{key} twice"
            result[key] = entry
        return result

    def entry(self, name, tenant="demo", status="active"):
        """One entry, or None."""
        return self.entries(tenant).get((name, status))

    def raw(self, tenant="demo"):
        """Each entry's own bytes by (name, status): what a reader could tell apart."""
        return {key: json.dumps(value) for key, value in self.entries(tenant).items()}

    def one(self, number, tenant="demo"):
        """The single entry."""
        return self.get(f"/utils/v1/custom-utils/{tenant}/{number}")["data"]

    def branch(self, tenant="demo", branch="main"):
        """A branch's status, or None."""
        answer = self.http(f"/utils/v1/sync/{tenant}")
        if answer.status == 404:
            return None
        for status in envelope(answer)["data"]["branches"]:
            if status["branch"] == branch:
                return status
        return None

    def applied(self, commit, tenant="demo", branch="main", phase=None):
        """Waits until `commit` is applied; the branch's status."""
        revision = f"{branch}@sha1:{commit}"

        def found():
            status = self.branch(tenant, branch)
            return status if status and status.get("applied") == revision and (
                status["phase"] in ((phase,) if phase else ("synced", "degraded"))
            ) else None  # fmt: skip

        return self.wait(found, f"{revision} of {tenant} is applied")

    def failed(self, tenant="demo", branch="main", having=""):
        """Waits until a branch has failed; its status."""

        def found():
            status = self.branch(tenant, branch)
            return status if status and status["phase"] == "failed" and (
                having in status["report"]["error"]
            ) else None  # fmt: skip

        return self.wait(found, f"{branch} of {tenant} has failed")

    def call(self, name, data="", filter="", tenant="demo", status="active", port=None):
        """A call of a utility where its entry says: HTTP status and envelope."""
        if port is None:
            entry = self.entry(name, tenant, status)
            assert entry, f"no {status} entry {name}"
            port = int(entry["port"])
            assert entry["rest_url"] == f"http://127.0.0.1:{port}/{name}"
        body = json.dumps({"data": data, "filter": filter})
        answer = request(port, "POST", f"/{name}", body, {"Content-Type": "application/json"})
        return answer.status, json.loads(answer.body)

    def value(self, name, *arguments, **where):
        """What a utility returns."""
        status, answer = self.call(name, *arguments, **where)
        assert status == 200 and answer["success"] is True, (status, answer)
        return answer["data"]

    def healthz(self, port=None):
        answer = request(port or self.active_port, "GET", "/healthz")
        assert answer.status == 200
        return json.loads(answer.body)

    def releases(self, tenant="demo"):
        folder = self.data / "releases" / tenant
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def state(self, tenant="demo"):
        """All that must not depend on how often an agent was killed on its way."""
        served = self.healthz()
        live = {entry["name"]: entry["filehash"] for entry in self.entries(tenant, "active").values()}
        assert served["utilities"] == live, "runtime and catalog differ"
        return {
            "entries": {key: without_times(entry) for key, entry in self.entries(tenant).items()},
            "contents": {
                entry["id"]: self.one(entry["id"], tenant)["filecontents_instring"]
                for entry in self.entries(tenant).values()
            },
            "served": served["utilities"], "release": served["release"], "releases": self.releases(tenant),
        }  # fmt: skip


class Load:
    """Callers that never stop asking, each on connections of its own."""

    def __init__(self, *asks):
        self._stop = threading.Event()
        self.failures, self.count = [], 0
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(ask,)) for ask in asks]

    def _run(self, ask):
        while not self._stop.is_set():
            try:
                ask()
                failure = None
            except Exception as error:  # whatever a caller would see
                failure = repr(error)
            with self._lock:
                self.count += 1
                if failure:
                    self.failures.append(failure)
            self._stop.wait(0.005)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()


