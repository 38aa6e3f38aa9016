"""A real container engine of our own, and clients in its network."""

import contextlib
import ctypes
import http.client
import importlib.machinery
import importlib.util
import io
import json
import os
import shutil
import tarfile
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

from support import CHECKOUT, PATIENCE, Agent, wait_for

_loader = importlib.machinery.SourceFileLoader("engine", str(CHECKOUT / "scripts/engine"))
engine = importlib.util.module_from_spec(importlib.util.spec_from_loader("engine", _loader))
_loader.exec_module(engine)

_CLONE_NEWNET = 0x40000000
LABEL = "io.sync-agent."


class Engine:
    """One private engine; `docker_host` is for the agent."""

    command = staticmethod(engine.dockerd)

    def __init__(self, folder):
        self.folder = Path(folder)

    def start(self, *options):
        engine.start(self.folder, *options, command=self.command)
        return self

    def stop(self, keep=False):
        engine.stop(self.folder, keep)

    @property
    def docker_host(self):
        return f"unix://{self.folder}/docker.sock"

    # The API, as an operator's `docker` would use it

    def ask(self, method, path, body=None, ok=(200, 201, 204, 304)):
        status, answer = engine.call(
            self.folder, method, f"/v1.41{path}", None if body is None else json.dumps(body)
        )
        assert ok is None or status in ok, (method, path, status, answer)
        try:
            return json.loads(answer)
        except ValueError:
            return answer

    def containers(self, everything=True, **labels):
        """Summaries by labels of the agent: `role="release"`, `tenant="demo"`, ..."""
        wanted = [f"{LABEL}{key}={value}" for key, value in labels.items()] or [f"{LABEL}owner"]
        query = f"/containers/json?all={int(everything)}&filters=" + quote(json.dumps({"label": wanted}))
        return self.ask("GET", query)

    def releases(self, tenant="demo", kind="active", everything=False):
        return self.containers(everything, tenant=tenant, kind=kind, role="release")

    def release(self, tenant="demo", kind="active"):
        """The one container that runs."""
        found = self.releases(tenant, kind)
        assert len(found) == 1, found
        return found[0]

    def settled(self, tenant="demo", kind="active"):
        """Waits until one container is left; its id."""
        wait_for(lambda: len(self.releases(tenant, kind, everything=True)) == 1, "one container is left")
        return self.release(tenant, kind)["Id"]

    def pause(self, tenant="demo", kind="active"):
        [pause] = self.containers(tenant=tenant, kind=kind, role="pause")
        return self.inspect(pause["Id"])

    def inspect(self, number):
        return self.ask("GET", f"/containers/{number}/json")

    def remove(self, number):
        self.ask("DELETE", f"/containers/{number}?force=1", ok=(204, 404, 409))

    def run(self, name, *command, network="none", user="65532", **host):
        """A container that is none of the agent's."""
        spec = {
            "Image": "python-utils:latest", "Entrypoint": ["/usr/bin/python3"], "Cmd": list(command),
            "User": user, "HostConfig": {"NetworkMode": network, **host},
        }  # fmt: skip
        number = self.ask("POST", f"/containers/create?name={name}", spec)["Id"]
        self.ask("POST", f"/containers/{number}/start")
        return number

    def broken_image(self):
        """Makes an image in which no server starts; its name."""
        number = self.ask("POST", "/containers/create", {"Image": "python-utils:latest"})["Id"]
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            file = tarfile.TarInfo("serve.py")
            program = b"raise SystemExit('this server does not start')\n"
            file.size, file.mode = len(program), 0o644
            archive.addfile(file, io.BytesIO(program))
        path = f"/v1.41/containers/{number}/archive?path=/opt/python-utils"
        status, answer = engine.call(self.folder, "PUT", path, buffer.getvalue(), "application/x-tar")
        assert status == 200, answer
        self.ask("POST", f"/commit?container={number}&repo=broken&tag=latest")
        self.remove(number)
        return "broken:latest"

    def output(self, number):
        """What a container that ends by itself has written."""
        self.ask("POST", f"/containers/{number}/wait")
        text = self.ask("GET", f"/containers/{number}/logs?stdout=1&stderr=1")
        self.remove(number)
        return text.decode(errors="replace") if isinstance(text, bytes) else str(text)

    # Its network

    def enter(self):
        """Moves the calling thread into the engine's network: what it connects from then on is there."""
        with open(f"/proc/{engine.init(self.folder)}/ns/net") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

    def inside(self, work):
        """Runs `work` in a thread of the engine's network; its value."""
        outcome = []

        def run():
            try:
                self.enter()
                outcome.append((work(), None))
            except BaseException as error:
                outcome.append((None, error))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        value, error = outcome[0]
        if error:
            raise error
        return value

    def address(self, tenant="demo", kind="active"):
        """Where a runtime answers: address and port."""
        networks = self.pause(tenant, kind)["NetworkSettings"]["Networks"]
        return networks[f"zona-{tenant}"]["IPAddress"], 8110 if kind == "active" else 8111

    def request(self, method, path, body=None, tenant="demo", kind="active"):
        host, port = self.address(tenant, kind)

        def work():
            connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
            try:
                connection.request(method, path, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
            finally:
                connection.close()

        return self.inside(work)

    def value(self, name, data="", **where):
        """What a utility returns."""
        body = json.dumps({"data": data, "filter": ""})
        status, answer = self.request("POST", f"/{name}", body, **where)
        assert status == 200 and answer["success"] is True, (status, answer)
        return answer["data"]

    def healthz(self, **where):
        status, answer = self.request("GET", "/healthz", **where)
        assert status == 200, (status, answer)
        return answer


class StrictLoad:
    """Clients in the engine's network that never stop asking and forgive nothing.

    `fresh` connects for each request; `kept` keeps its connection until the server says
    `Connection: close`, and takes every other end of it for a failure; `slow` has calls of 300 ms.
    """

    def __init__(self, engine, tenant="demo", fresh=2, kept=2, slow=1, pause=0.004,
                 where=None):
        self.engine = engine
        self.host, self.port = where or engine.address(tenant)
        self.pause = pause
        self.counts = {"fresh": 0, "kept": 0, "slow": 0}
        self.failures, self.answers, self.slowest = [], set(), 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        kinds = ["fresh"] * fresh + ["kept"] * kept + ["slow"] * slow
        self._threads = [threading.Thread(target=self._run, args=(kind,)) for kind in kinds]

    @property
    def count(self):
        return sum(self.counts.values())

    def _run(self, kind):
        self.engine.enter()
        connection = None
        name = "slow" if kind == "slow" else "which"
        while not self._stop.is_set():
            began = time.monotonic()
            failure = answer = None
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
                    connection.connect()
                    connection.auto_open = 0
                headers = {"Content-Type": "application/json"}
                if kind != "kept":
                    headers["Connection"] = "close"
                connection.request("POST", f"/{name}", b'{"data": 1, "filter": ""}', headers)
                response = connection.getresponse()
                body = json.loads(response.read())
                if response.status != 200 or not body["success"]:
                    failure = f"{kind}: {response.status} {body}"
                answer = body["data"]
                if kind != "kept" or response.will_close:
                    connection.close()
                    connection = None
            except Exception as error:  # whatever a caller would see
                failure = f"{kind}: {error!r}"
                if connection:
                    connection.close()
                connection = None
            with self._lock:
                self.counts[kind] += 1
                if failure:
                    self.failures.append(failure)
                else:
                    self.answers.add(json.dumps(answer))
                    if kind != "slow":
                        self.slowest = max(self.slowest, time.monotonic() - began)
            self._stop.wait(self.pause)
        if connection:
            connection.close()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()


def agent_of(engine, driver, folder, path):
    """An agent whose runtimes are containers of `engine`, with its state in the short `folder`: a
    socket's path is short."""
    agent = Agent(path / "agent")
    for key in ("runtime.port", "runtime.trial_port", "runtime.port_range", "runtime.source"):
        agent.settings.pop(key, None)
    agent.settings |= {
        "runtime.driver": driver, "runtime.docker_host": engine.docker_host, "agent.state": f"{folder}/state",
    }  # fmt: skip
    return agent


def first_utilities(agent):
    """A tenant of two utilities, committed and not pushed: what `StrictLoad` asks for."""
    tenant = agent.tenant()
    tenant.write("which", "'v1'")
    tenant.write("slow", code="import time\n\n\ndef slow(data, filter):\n    time.sleep(0.3)\n    return 'slow'\n")
    tenant.commit("First utilities")
    return tenant


@contextlib.contextmanager
def short_folder(prefix):
    """A folder with a short path, gone at the end."""
    path = tempfile.mkdtemp(prefix=prefix, dir="/tmp")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def change(agent, tenant, text, **status):
    """Another answer of the utility `which`, committed, pushed and applied; the branch's status."""
    tenant.write("which", f"'{text}'")
    return agent.applied(tenant.commit_and_push(text), **status)


def unusable(podman=False):
    """Why no engine can run here, or None."""
    reason = engine.missing(podman)
    if reason is None and not os.path.isdir("/usr/lib/python3/dist-packages/aiohttp"):
        reason = "python3-aiohttp is missing, which the image of the tests is made of"
    if reason is None and not os.path.isdir("/usr/lib/python3/dist-packages/pip"):
        reason = "python3-pip is missing, which the image of the tests has in it"
    return reason
