"""Swarms of our own: one engine, or several in network namespaces of their own, and a registry."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import docker_support
from docker_support import Engine, engine
from support import wait_for

# Asks for ever, by name, as a client in the tenant's network does; prints what went wrong at the end.
CLIENT = """
import http.client, json, signal, sys, time
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
count, failures, answers, kept = 0, [], set(), None
while not stop:
    for fresh in (True, False):
        try:
            connection = kept if kept and not fresh else http.client.HTTPConnection("python-utils", 8110, timeout=30)
            connection.request("POST", "/which", b'{"data": 1, "filter": ""}', {"Content-Type": "application/json"})
            answer = connection.getresponse()
            body = json.loads(answer.read())
            assert answer.status == 200, (answer.status, body)
            answers.add(body["data"])
            if fresh:
                connection.close()
            else:
                kept = None if answer.will_close else connection
        except Exception as error:
            failures.append(repr(error))
            kept = None
        count += 1
    time.sleep(0.005)
print(json.dumps({"count": count, "failures": failures, "answers": sorted(answers)}))
"""

# One call by name; prints status and body.
CALL = """
import http.client, json, sys
name, user, port = sys.argv[1:4]
connection = http.client.HTTPConnection("python-utils" if port == "8110" else "python-utils-trial", int(port), timeout=60)
connection.request("POST", "/" + name, b'{"data": 1, "filter": ""}', {"Content-Type": "application/json", "X-User-Id": user})
answer = connection.getresponse()
print(json.dumps([answer.status, json.loads(answer.read())]))
"""


class Swarm(Engine):
    """The engine of a manager."""

    def services(self):
        return {each["Spec"]["Name"]: each for each in self.ask("GET", "/services")}

    def service(self, tenant="demo", name="python-utils"):
        return self.services()[f"zona-{tenant}-{name}"]

    def tasks(self, state="running", tenant="demo", service="python-utils"):
        query = json.dumps({"service": [f"zona-{tenant}-{service}"], "desired-state": [state]})
        return self.ask("GET", "/tasks?filters=" + docker_support.quote(query))

    def running(self, **where):
        return [each for each in self.tasks(**where) if each["Status"]["State"] == "running"]

    def address(self, tenant="demo", kind="active"):
        """A task's address where the engine itself reaches it."""
        service = "python-utils" if kind == "active" else "python-utils-trial"
        [task, *_] = self.running(tenant=tenant, service=service)
        number = task["Status"]["ContainerStatus"]["ContainerID"]
        networks = self.ask("GET", "/networks/docker_gwbridge")["Containers"]
        return networks[number]["IPv4Address"].split("/")[0], 8110 if kind == "active" else 8111

    def client(self, tenant="demo"):
        return self.run("client", "-c", CLIENT, network=f"zona-{tenant}")

    def result(self, number):
        """Ends a client; what it has counted."""
        self.ask("POST", f"/containers/{number}/stop")
        text = self.output(number)
        return json.loads(text[text.index("{"):])

    def begin(self, name, user=0, tenant="demo", port=8110):
        """Calls a utility by the service's name from a container of its own; for `outcome`."""
        caller = f"caller-{os.urandom(4).hex()}"
        return self.run(caller, "-c", CALL, name, str(user), str(port), network=f"zona-{tenant}")

    def outcome(self, number):
        text = self.output(number)
        assert "[" in text, text
        return json.loads(text[text.index("["):])

    def call(self, name, user=0, **where):
        return self.outcome(self.begin(name, user, **where))

    def clear(self):
        """Removes all services and their networks, and waits until nothing of them runs."""
        for service in self.services().values():
            self.ask("DELETE", f"/services/{service['ID']}", ok=(200, 404))
        for container in self.containers():
            self.remove(container["Id"])
        # Those of a machine that is lost stay in the books.
        there = {each["ID"] for each in self.ask("GET", "/nodes") if each["Status"]["State"] == "ready"}
        wait_for(lambda: not [each for each in self.ask("GET", "/tasks") if each.get("NodeID") in there],
                 "no task is left")  # fmt: skip
        # The next test's agent is another owner.
        for network in self.ask("GET", "/networks"):
            if network["Name"].startswith("zona-"):
                self.ask("DELETE", f"/networks/{network['Id']}", ok=None)


class Registry:
    """Debian's registry with its data in `folder`, reached in the network of process `pid` at `address`."""

    def __init__(self, folder, pid, address, user=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pid, self.address, self.user = pid, address, user
        self.process = None

    def start(self):
        # bcrypt of "secret": the one form that the registry takes.
        passwords = self.folder / "htpasswd"
        passwords.write_text("agent:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n")
        settings = {
            "version": 0.1, "log": {"level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}, "delete": {"enabled": True}},
            "http": {"addr": self.address},
        }  # fmt: skip
        if self.user:
            settings["auth"] = {"htpasswd": {"realm": "test", "path": str(passwords)}}
        (self.folder / "config.yml").write_text(json.dumps(settings))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["nsenter", f"--net=/proc/{self.pid}/ns/net", "docker-registry", "serve",
                 str(self.folder / "config.yml")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        return self

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def forget(self):
        """Loses all that it was given."""
        self.stop()
        shutil.rmtree(self.folder / "data")
        self.start()

    def credentials(self, file):
        """Writes what `docker login` would."""
        pair = base64.b64encode(b"agent:secret").decode()
        Path(file).write_text(json.dumps({"auths": {self.address: {"auth": pair}}}))
        return str(file)

    @property
    def pushes(self):
        """How many manifests it was given."""
        return len(list((self.folder / "data").glob("docker/registry/v2/repositories/**/_manifests/revisions/sha256/*")))


class Cluster:
    """Three engines, each on a machine of its own as far as the network goes, joined to one swarm.

    A switch namespace has the bridge and the registry; `nodes[0]` is the manager.
    """

    SUBNET = "10.203.7"

    def __init__(self, folder, nodes=3, user=None):
        self.folder = Path(folder)
        self.nodes = [Swarm(self.folder / f"n{number}") for number in range(nodes)]
        self.user = user
        self.switch = self.registry = None

    @property
    def manager(self):
        return self.nodes[0]

    def start(self):
        self.switch = subprocess.Popen(
            ["unshare", "--net", "--kill-child", "--fork", "--pid", "sleep", "infinity"],
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        wait_for(self._switch_is_up, "the switch is up")
        self._ip(self.switch.pid, "link", "add", "br0", "type", "bridge")
        self._ip(self.switch.pid, "addr", "add", f"{self.SUBNET}.254/24", "dev", "br0")
        for device in ("lo", "br0"):
            self._ip(self.switch.pid, "link", "set", device, "up")
        self.registry = Registry(self.folder / "registry", self.switch.pid, f"{self.SUBNET}.254:5000", self.user).start()
        for number, node in enumerate(self.nodes):
            node.start(f"--insecure-registry {self.SUBNET}.254:5000")
            self._plug(number)
        engine.images(self.manager.folder)
        self.manager.ask("POST", "/swarm/init", {
            "ListenAddr": f"{self.SUBNET}.1:2377", "AdvertiseAddr": f"{self.SUBNET}.1"})  # fmt: skip
        token = self.manager.ask("GET", "/swarm")["JoinTokens"]["Worker"]
        for number, node in enumerate(self.nodes[1:], 2):
            node.ask("POST", "/swarm/join", {
                "ListenAddr": f"{self.SUBNET}.{number}:2377", "AdvertiseAddr": f"{self.SUBNET}.{number}",
                "RemoteAddrs": [f"{self.SUBNET}.1:2377"], "JoinToken": token})  # fmt: skip
        wait_for(lambda: len(self.ready()) == len(self.nodes), "all nodes are ready")
        return self

    def stop(self):
        for node in self.nodes:
            if node.folder.exists():
                node.stop()
        if self.registry:
            self.registry.stop()
        if self.switch:
            self.switch.kill()
            self.switch.wait()

    def ready(self):
        return [each for each in self.manager.ask("GET", "/nodes") if each["Status"]["State"] == "ready"]

    def _switch_is_up(self):
        mine = os.readlink("/proc/self/ns/net")
        return os.readlink(f"/proc/{self.switch.pid}/ns/net") != mine

    def _plug(self, number):
        """A cable from a node to the switch."""
        node = engine.init(self.nodes[number].folder)
        self._ip(self.switch.pid, "link", "add", f"v{number}", "type", "veth", "peer", "name", "eth0", "netns", str(node))
        self._ip(self.switch.pid, "link", "set", f"v{number}", "master", "br0", "up")
        self._ip(node, "addr", "add", f"{self.SUBNET}.{number + 1}/24", "dev", "eth0")
        self._ip(node, "link", "set", "eth0", "up")

    @staticmethod
    def _ip(pid, *arguments):
        subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", *arguments], check=True, capture_output=True)
