"""From one release to the next without a failed request."""

import threading
import time

from agent import Client, eventually, in_background, write_release


def test_a_keep_alive_client_sees_the_new_release(agent):
    old = agent.serve({"which": "return 'old'", "gone": "return 'old'"}, digest="old")
    with agent.client() as client:
        assert client.call("which").json["data"] == "old"
        agent.serve({"which": "return ['new', data, filter]"}, digest="new")
        old.command("drain", "draining")
        answer = client.call("which", "Zürich", {"a": 1})
        assert answer.json["data"] == ["new", "Zürich", {"a": 1}]
        assert answer.headers["Connection"] == "close"
    old.expect("drained")
    assert old.wait() == 0


def test_whatever_the_new_release_answers_is_relayed(agent):
    old = agent.serve({"one": "return 'old'"}, digest="old")
    requests = {
        ("POST", "/nothing/"): 404, ("GET", "/one"): 405, ("GET", "/healthz"): 200,
        ("POST", "/boom"): 500, ("HEAD", "/healthz"): 200,
    }
    clients = {request: Client(agent.port) for request in requests}
    for client in clients.values():
        client.call("one")
    agent.serve({"one": "return 'new'", "boom": "raise ValueError('new')"}, digest="new")
    old.command("drain", "draining")
    for (method, path), status in requests.items():
        answer = clients[method, path].request(method, path, b"{}" if method == "POST" else None)
        assert (answer.status, answer.headers["Connection"]) == (status, "close")
        assert answer.headers["Server"] == "python-utils"
        if method == "HEAD":
            assert answer.body == b""
        elif path == "/healthz":
            assert answer.json["release"] == "new"
        elif path == "/one":
            assert answer.headers["Allow"] == "POST"
        else:
            assert answer.json["success"] is False
        clients[method, path].close()


def test_a_large_body_is_forwarded(agent):
    old = agent.serve({"size": "return ['old', len(data)]"}, digest="old")
    with agent.client() as client:
        client.call("size", "")
        agent.serve({"size": "return ['new', data]"}, digest="new")
        old.command("drain", "draining")
        assert client.call("size", "x" * 9_000_000).json["data"] == ["new", "x" * 9_000_000]


def test_retiring_utilities_are_served_until_retire(agent):
    old = write_release(agent.folder / "old", {
        "kept": "return 'old'", "gone": "from lib.v import v\nreturn v", "away": "return 0",
    }, {"lib/v.py": "v = 'old module'\n"}, digest="old")
    new = write_release(agent.folder / "new", {"kept": "from lib.v import v\nreturn v"},
                        {"lib/v.py": "v = 'new module'\n"}, digest="new")
    server = agent.start(new, "--retiring", f"{old}:gone,kept")
    assert list(server.ready["utilities"]) == ["kept"]
    assert agent.call("kept").json["data"] == "new module"
    assert agent.call("gone").json["data"] == "old module"
    assert agent.call("away").status == 404
    with agent.client() as client:
        assert list(client.request("GET", "/healthz").json["utilities"]) == ["kept"]
    assert len(server.workers()) == 2
    server.command("retire", "retired")
    assert agent.call("gone").status == 404
    assert agent.call("kept").json["data"] == "new module"
    eventually(lambda: len(server.workers()) == 1)
    server.command("retire", "retired")  # harmless


def test_retire_lets_calls_in_flight_finish(agent):
    old = write_release(agent.folder / "old", {
        "gone": "import time\nopen(data, 'w').close()\ntime.sleep(.4)\nreturn 'done'",
    }, digest="old")
    new = write_release(agent.folder / "new", {"kept": "return 1"}, digest="new")
    server = agent.start(new, "--retiring", f"{old}:gone")
    started = agent.folder / "started"
    call = in_background(lambda: agent.call("gone", str(started)))
    eventually(started.exists)
    server.command("retire", "retired")
    assert call().json["data"] == "done"
    eventually(lambda: server.workers() == [])


class Load:
    """Clients that count every answer, and never repeat a request that failed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: list[tuple[float, str]] = []
        self.failures: list[str] = []
        self.stop = threading.Event()
        kinds = [self.anew, self.anew, self.keep_alive, self.keep_alive, self.long, self.long]
        self.threads = [threading.Thread(target=self.run, args=[kind]) for kind in kinds]

    def run(self, kind) -> None:
        client = None
        while not self.stop.is_set():
            try:
                client = kind(client)
            except Exception as error:  # any kind of failure counts
                self.failures.append(f"{kind.__name__}: {error!r}")
                client = None

    def ask(self, client: Client, name: str) -> bool:
        """Whether the connection lives on."""
        began = time.monotonic()
        answer = client.call(name)
        if answer.status != 200:
            self.failures.append(f"{name}: {answer.status} {answer.body!r}")
        self.answers.append((began, answer.json["data"]))
        return answer.headers.get("Connection") != "close"

    def anew(self, _) -> None:
        client = Client(self.port)
        self.ask(client, "quick")
        client.close()

    def keep_alive(self, client: Client | None) -> Client | None:
        client = client or Client(self.port)
        time.sleep(0.002)
        if self.ask(client, "quick"):
            return client
        client.close()
        return None

    def long(self, _) -> None:
        client = Client(self.port)
        self.ask(client, "long")
        client.close()


def test_no_request_fails_in_a_hand_over_under_load(agent):
    def release(number):
        return write_release(agent.folder / f"r{number}", {
            "quick": f"return 'r{number}'",
            "long": f"import time\ntime.sleep(.3)\nreturn 'r{number}'",
        }, digest=f"r{number}")

    running = agent.start(release(0))
    load = Load(agent.port)
    for thread in load.threads:
        thread.start()
    switches = []
    for number in range(1, 6):
        time.sleep(0.4)
        successor = agent.start(release(number))
        running.command("drain", "draining")
        switches.append((time.monotonic(), f"r{number}"))
        running.expect("drained")
        assert running.wait() == 0
        running = successor
    time.sleep(0.4)
    load.stop.set()
    for thread in load.threads:
        thread.join()
    assert load.failures == []
    assert len(load.answers) > 500
    assert {release for _, release in load.answers} == {f"r{number}" for number in range(6)}
    for switch, name in switches:  # what began after the switch never saw an older release
        for began, release in load.answers:
            assert began < switch or release >= name
