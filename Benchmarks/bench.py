"""The figures of the README: medians, each beside a baseline of the same run.

Prints a table, writes Benchmarks/results/latest.json and latest.svg.
"""

import base64
import ctypes
import hashlib
import hmac
import html
import http.client
import json
import math
import os
import platform
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import hammered_bench
import hostile_bench
import mongo_bench
import verdicts
from docker_bench import docker_runtime
from generate import commit_files, make_repository, write_utilities

AGENT = os.environ["SYNC_AGENT"]
BARE = os.environ["BARE_SERVER"]
HERE = Path(__file__).resolve().parent
QUICK = "--quick" in sys.argv
results: list[dict] = []


def note(name: str, value: float, unit: str, target: str, baseline: str = "", **more) -> None:
    """Records one figure and prints it."""
    results.append(
        {"name": name, "value": value, "unit": unit, "target": target, "baseline": baseline, **more}
    )
    print(f"{name:58} {value:10.2f} {unit:10} target {target:22} {baseline}", flush=True)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Agent:
    """A running agent in a folder of its own."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.settings = [
            f"repositories.root={folder}/repos",
            f"catalog.url=sqlite:{folder}/catalog.sqlite",
            f"releases.root={folder}/releases",
            f"server.port={self.port}",
            f"runtime.port={free_port()}",
            f"runtime.trial_port={free_port()}",
            *settings,
        ]
        self.process: subprocess.Popen | None = None

    def arguments(self, command: str) -> list[str]:
        return [AGENT, command, *(word for s in self.settings for word in ("--set", s))]

    def start(self) -> float:
        """Starts, and gives the seconds until it is ready."""
        began = time.perf_counter()
        with open(self.folder / "agent.log", "a") as log:
            self.process = subprocess.Popen(
                self.arguments("run"), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        while True:
            try:
                if self.get("/health/ready")[0] == 200:
                    return time.perf_counter() - began
            except OSError:
                pass
            if self.process.poll() is not None:
                raise SystemExit((self.folder / "agent.log").read_text()[-2000:])
            time.sleep(0.002)

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Poller:
    """Asks for one entry over a connection that stays open."""

    def __init__(self, agent: Agent, name: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=30)
        self.path = f"/utils/v1/custom-utils/bench/-/{name}"

    def filehash(self) -> str:
        self.connection.request("GET", self.path)
        body = self.connection.getresponse().read()
        match = re.search(rb'"filehash":"([0-9a-f]{64})"', body)
        return match.group(1).decode() if match else ""


def inotify_wakeup(folder: Path, rounds: int) -> list[float]:
    """Milliseconds from a rename to the return of read(2) on inotify, in another thread."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(0)
    libc.inotify_add_watch(fd, str(folder).encode(), 0x80)
    samples: list[float] = []
    began = [0.0]
    seen = threading.Event()

    def reader() -> None:
        for _ in range(rounds):
            os.read(fd, 4096)
            samples.append((time.perf_counter() - began[0]) * 1000)
            seen.set()

    thread = threading.Thread(target=reader)
    thread.start()
    for index in range(rounds):
        (folder / "new").write_text(str(index))
        time.sleep(0.002)
        seen.clear()
        began[0] = time.perf_counter()
        os.rename(folder / "new", folder / "ref")
        seen.wait(5)
    thread.join()
    os.close(fd)
    return samples


def latency(count: int) -> None:
    """Ref renamed -> new hash over HTTP, without a runtime."""
    rounds = 60 if QUICK else 200
    label = f"{count:,} utilities"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone = folder / "clone"
        write_utilities(clone, count)
        bare = make_repository(folder / "repos" / "bench.git", clone)
        commits = commit_files(bare, "utils/g000/util_00000.py", rounds + 1)
        wakeups = inotify_wakeup(folder, rounds)
        agent = Agent(folder, "runtime.driver=none")
        agent.start()
        try:
            poller = Poller(agent, "util_00000")
            ref = bare / "refs/heads/main"
            samples = []
            for commit, digest in commits[:rounds]:
                staged = bare / "staged"
                staged.write_text(commit + "\n")
                began = time.perf_counter()
                os.rename(staged, ref)
                while poller.filehash() != digest:
                    if time.perf_counter() - began > 20:
                        raise SystemExit("a commit never became visible")
                samples.append((time.perf_counter() - began) * 1000)
                time.sleep(0.005)
            note(
                f"ref renamed -> hash over HTTP, {label}, p50", statistics.median(samples), "ms",
                "<= 10 ms", f"bare inotify wake-up {statistics.median(wakeups):.2f} ms",
            )
            note(
                f"ref renamed -> hash over HTTP, {label}, p99", percentile(samples, 0.99), "ms",
                "<= 40 ms", f"bare inotify wake-up {percentile(wakeups, 0.99):.2f} ms",
            )
            pushes, early = push_race(agent, folder, bare, 10 if QUICK else 30)
            note(
                f"visible before git push returned, {label}", 100 * early, "%", "told",
                f"bare git push {statistics.median(pushes):.1f} ms",
            )
        finally:
            agent.stop()


def push_race(agent: Agent, folder: Path, bare: Path, rounds: int) -> tuple[list[float], float]:
    """How long a push takes, and how often its result was visible when it returned."""
    work = folder / "pusher"
    subprocess.run(["git", "clone", "-q", str(bare), str(work)], check=True)
    path = work / "utils/g000/util_00000.py"
    poller = Poller(agent, "util_00000")
    times, early = [], 0
    for index in range(rounds):
        path.write_text(path.read_text() + f"# push {index}\n")
        subprocess.run(["git", "-C", str(work), "commit", "-qam", "push"], check=True, env=ENV)
        began = time.perf_counter()
        subprocess.run(["git", "-C", str(work), "push", "-q"], check=True, stderr=subprocess.DEVNULL)
        times.append((time.perf_counter() - began) * 1000)
        early += poller.filehash() == hashlib.sha256(path.read_bytes()).hexdigest()
        time.sleep(0.05)
    return times, early / rounds


ENV = {
    **os.environ,
    "GIT_AUTHOR_NAME": "Bench", "GIT_AUTHOR_EMAIL": "bench@acme.example",
    "GIT_COMMITTER_NAME": "Bench", "GIT_COMMITTER_EMAIL": "bench@acme.example",
}


def process_runtime() -> None:
    """Ref renamed -> the utility answers with the new code and the catalog says so."""
    rounds = 10 if QUICK else 30
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone = folder / "clone"
        write_utilities(clone, 100)
        bare = make_repository(folder / "repos" / "bench.git", clone)
        commits = commit_files(bare, "utils/g000/util_00000.py", rounds + 1)
        agent = Agent(folder)
        agent.start()
        try:
            poller = Poller(agent, "util_00000")
            url_port = int(agent.settings[4].split("=")[1])
            samples, floor = [], []
            for commit, digest in commits[:rounds]:
                began = time.perf_counter()
                subprocess.run(["/usr/bin/python3", "-c", "import aiohttp.web"], check=True)
                floor.append((time.perf_counter() - began) * 1000)
                staged = bare / "staged"
                staged.write_text(commit + "\n")
                began = time.perf_counter()
                os.rename(staged, bare / "refs/heads/main")
                while True:
                    health = http.client.HTTPConnection("127.0.0.1", url_port, timeout=30)
                    health.request("GET", "/healthz")
                    served = json.loads(health.getresponse().read())["utilities"]["util_00000"]
                    health.close()
                    if served == digest and poller.filehash() == digest:
                        break
                    time.sleep(0.001)
                samples.append((time.perf_counter() - began) * 1000)
                time.sleep(0.05)
            ratio = statistics.median(samples) / statistics.median(floor)
            note(
                "ref renamed -> answers with new code, process runtime, p50",
                statistics.median(samples), "ms", "<= 2 x bare interpreter",
                f"bare python + import aiohttp.web {statistics.median(floor):.0f} ms, "
                f"ratio {ratio:.2f}", ratio=ratio,
            )
        finally:
            agent.stop()


def parse_chunk(paths: list[str]) -> int:
    import ast

    for path in paths:
        with open(path, "rb") as file:
            ast.parse(file.read())
    return len(paths)


def first_sync() -> None:
    """First and second sync of 10,000 utilities beside bare ast.parse."""
    count = 2_000 if QUICK else 10_000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone = folder / "clone"
        write_utilities(clone, count)
        make_repository(folder / "repos" / "bench.git", clone)
        files = [str(p) for p in clone.glob("utils/**/*.py")]
        cores = os.cpu_count() or 1
        ratios, firsts, floors, seconds = [], [], [], []
        for _ in range(1 if QUICK else 3):
            with ProcessPoolExecutor(cores) as pool:
                list(pool.map(parse_chunk, [[]] * cores))
                began = time.perf_counter()
                list(pool.map(parse_chunk, [files[i::cores * 4] for i in range(cores * 4)]))
                floors.append(time.perf_counter() - began)
            for leftover in folder.glob("catalog.sqlite*"):
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
            agent = Agent(folder, "runtime.driver=none")
            began = time.perf_counter()
            subprocess.run(agent.arguments("sync"), check=True, stdout=subprocess.DEVNULL)
            firsts.append(time.perf_counter() - began)
            ratios.append(firsts[-1] / floors[-1])
            for _ in range(5):
                began = time.perf_counter()
                subprocess.run(agent.arguments("sync"), check=True, stdout=subprocess.DEVNULL)
                seconds.append((time.perf_counter() - began) * 1000)
        note(
            f"first sync of {count:,} utilities", statistics.median(firsts), "s",
            "<= 1.5 x ast.parse",
            f"bare ast.parse on {cores} cores {statistics.median(floors):.2f} s, "
            f"ratio {statistics.median(ratios):.2f}", ratio=statistics.median(ratios),
        )
        note(
            f"second sync, nothing changed, {count:,} utilities", statistics.median(seconds), "ms",
            "<= 50 ms", "the whole command, from process start",
        )


def start_up() -> None:
    """Start with 1,000 tenants in sync; idle afterwards."""
    count = 200 if QUICK else 1_000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone = folder / "clone"
        write_utilities(clone, 10)
        first = make_repository(folder / "repos" / "t0000.git", clone)
        for index in range(1, count):
            shutil.copytree(first, folder / "repos" / f"t{index:04d}.git")
        agent = Agent(folder, "runtime.driver=none")
        agent.start()
        agent.stop()
        samples = []
        for _ in range(3):
            samples.append(agent.start())
            agent.stop()
        agent.start()
        try:
            pid = agent.process.pid
            time.sleep(3)
            ticks = os.sysconf("SC_CLK_TCK")

            def cpu() -> float:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                return (int(fields[11]) + int(fields[12])) / ticks

            before = cpu()
            idle = 5 if QUICK else 20
            time.sleep(idle)
            used = 100 * (cpu() - before) / idle
            status = Path(f"/proc/{pid}/status").read_text()
            resident = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024
        finally:
            agent.stop()
        note(f"start with {count:,} tenants in sync, to ready", statistics.median(samples), "s", "<= 3 s")
        note(f"idle with {count:,} tenants, of a core", used, "%", "< 0.5 %")
        note(f"idle with {count:,} tenants, resident", resident, "MB", "< 150 MB")


def wrk(url: str, seconds: int, *headers: str) -> tuple[float, float]:
    """Requests a second and p99 in milliseconds."""
    text = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", *(word for h in headers for word in ("-H", h)), url],
        check=True, capture_output=True, text=True,
    ).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def until_open(port: int) -> None:
    """Waits until something accepts on a port."""
    for _ in range(2000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise SystemExit(f"bench: nothing listens on {port}")


def nginx(folder: Path, port: int) -> subprocess.Popen:
    """One worker that serves `folder` and does nothing else."""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log /dev/null;\n"
        "events {}\nhttp { access_log off; sendfile on; keepalive_requests 100000000;\n"
        f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n"
    )
    return subprocess.Popen(
        ["/usr/sbin/nginx", "-p", str(folder), "-c", str(configuration)], stderr=subprocess.DEVNULL
    )


def http_list() -> None:
    """The list of 100 entries beside the same bytes from a bare handler, from nginx, and the LLD's way."""
    seconds = 2 if QUICK else 5
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone = folder / "clone"
        write_utilities(clone, 100)
        make_repository(folder / "repos" / "bench.git", clone)
        agent = Agent(folder, "runtime.driver=none")
        agent.start()
        path = "/utils/v1/custom-utils/bench/-/-"
        body = agent.get(path)[1]
        bare_port, nginx_port, reference_port = free_port(), free_port(), free_port()
        (folder / "web").mkdir()
        (folder / "web" / "list.json").write_bytes(body)
        os.chmod(folder, 0o755)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        servers = [
            subprocess.Popen([BARE, str(bare_port), str(len(body))], **quiet),
            subprocess.Popen(
                ["/usr/bin/python3", str(HERE / "lld_reference.py"), str(reference_port), str(clone)], **quiet
            ),
        ]
        has_nginx = os.access("/usr/sbin/nginx", os.X_OK)
        try:
            if has_nginx:
                servers.append(nginx(folder / "web", nginx_port))
            for port in [bare_port, reference_port] + [nginx_port] * has_nginx:
                until_open(port)
            rates: dict[str, list[float]] = {}
            tails: list[float] = []
            # In turns, so that whatever else the machine does hits all alike.
            for _ in range(3):
                for name, url in [
                    ("list", f"{agent.port}{path}"), ("gzip", f"{agent.port}{path}"),
                    ("empty", f"{bare_port}/empty"), ("constant", f"{bare_port}/bytes"),
                    ("nginx", f"{nginx_port}/list.json"), ("lld", f"{reference_port}{path}"),
                ]:
                    if name == "nginx" and not has_nginx:
                        continue
                    headers = ["Accept-Encoding: gzip"] if name == "gzip" else []
                    rate, tail = wrk(f"http://127.0.0.1:{url}", seconds, *headers)
                    rates.setdefault(name, []).append(rate)
                    if name == "list":
                        tails.append(tail)

            def share(name: str) -> float:
                return 100 * statistics.median(a / b for a, b in zip(rates["list"], rates[name]))

            def rate(name: str) -> str:
                return f"{statistics.median(rates[name]):.0f}/s"

            note(
                "GET list of 100 entries, of a constant with the same bytes", share("constant"), "%", ">= 90 %",
                f"list {rate('list')} of {len(body):,} bytes, p99 {statistics.median(tails):.1f} ms, "
                f"constant {rate('constant')}",
            )
            note(
                "GET list of 100 entries, of an empty handler's rate", share("empty"), "%", ">= 50 %",
                f"empty {rate('empty')}",
            )
            compressed = 100 * statistics.median(a / b for a, b in zip(rates["gzip"], rates["empty"]))
            note(
                "the same for a client that takes gzip, as browsers do", compressed, "%", ">= 50 %",
                f"list with gzip {rate('gzip')}",
            )
            if has_nginx:
                note(
                    "GET list of 100 entries, of nginx with the file, one worker", share("nginx"), "%", "told",
                    f"nginx {rate('nginx')}",
                )
            note(
                "GET list of 100 entries, of the LLD's way", share("lld") / 100, "times", "told",
                f"query and hash on every GET, SQLite: {rate('lld')}",
            )
        finally:
            for server in servers:
                server.terminate()
                server.wait()
            agent.stop()


def token(secret: bytes, claims: dict) -> str:
    """A JSON Web Token by HS256."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def http_auth() -> None:
    """The list of 100 entries with a valid token beside the same without authentication."""
    seconds = 2 if QUICK else 5
    with tempfile.TemporaryDirectory() as temporary:
        agents = []
        secret = b"benchmark secret of 32 bytes ...."
        path = "/utils/v1/custom-utils/bench/-/-"
        header = "Authorization: Bearer " + token(
            secret,
            {"exp": time.time() + 3600, "sub": "bench", "aud": "sync-agent", "iss": "https://idp.example",
             "tenantcode": ["bench"], "name": "A person with a token of a usual size", "scope": "x " * 60},
        )  # fmt: skip
        try:
            for name in ("open", "guarded"):
                folder = Path(temporary) / name
                clone = folder / "clone"
                write_utilities(clone, 100)
                make_repository(folder / "repos" / "bench.git", clone)
                settings = ["runtime.driver=none"]
                if name == "guarded":
                    (folder / "secret").write_bytes(secret)
                    (folder / "secret").chmod(0o400)
                    settings += [
                        f"auth.secret_file={folder}/secret", "auth.audience=sync-agent",
                        "auth.issuer=https://idp.example",
                    ]  # fmt: skip
                agents.append(Agent(folder, *settings))
                agents[-1].start()
            rates: list[list[float]] = [[], []]
            for _ in range(3):
                for agent, rate in zip(agents, rates):
                    rate.append(wrk(f"http://127.0.0.1:{agent.port}{path}", seconds, header)[0])
            share = 100 * statistics.median(b / a for a, b in zip(*rates))
            note(
                "GET list of 100 entries with a JWT, of the rate without", share, "%", ">= 60 %",
                f"without {statistics.median(rates[0]):.0f}/s, with {statistics.median(rates[1]):.0f}/s, "
                f"token of {len(header) - 22} bytes",
            )
        finally:
            for agent in agents:
                agent.stop()


def paced(port: int, paths: list[str], rate: int, seconds: float) -> list[float]:
    """Milliseconds of each answer when `rate` requests a second are sent, late ones counted as late."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import local

    held = local()
    samples: list[float] = []

    def ask(path: str, due: float) -> None:
        connection = getattr(held, "connection", None)
        if connection is None:
            connection = held.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"bench: {path} gave {answer.status}")
        samples.append((time.perf_counter() - due) * 1000)

    with ThreadPoolExecutor(8) as pool:
        pending = []
        began = time.perf_counter() + 0.05
        for index in range(int(rate * seconds)):
            due = began + index / rate
            delay = due - time.perf_counter()
            if delay > 0:
                time.sleep(delay)
            pending.append(pool.submit(ask, paths[index % len(paths)], due))
        for job in pending:
            job.result()
    return samples


def large_catalog() -> None:
    """Pages, searches and orders of 10,000 entries at 100 requests a second, no two asked alike."""
    count = 2_000 if QUICK else 10_000
    seconds = 3 if QUICK else 10
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone = folder / "clone"
        write_utilities(clone, count)
        make_repository(folder / "repos" / "bench.git", clone)
        agent = Agent(folder, "runtime.driver=none")
        agent.start()
        try:
            base = "/utils/v1/custom-utils/bench/-/-"
            kinds = {
                "page": [f"{base}?offset={n}" for n in range(0, count - 100, 7)],
                "search": [f"{base}?q=number+{n}" for n in range(count)],
                "sort": [f"{base}?sort=name&offset={n}" for n in range(0, count - 100, 7)],
                "by name": [f"/utils/v1/custom-utils/bench/-/util_{n:05d}" for n in range(count)],
            }
            for name, paths in kinds.items():
                samples = paced(agent.port, paths, 100, seconds)
                note(
                    f"{count:,} entries, {name}, 100 requests/s, p99", percentile(samples, 0.99), "ms",
                    "<= 10 ms", f"p50 {statistics.median(samples):.2f} ms, measured by the client",
                )
        finally:
            agent.stop()


def commit_to_event() -> None:
    """Ref renamed -> the `utility` event at a client, without a runtime."""
    rounds = 40 if QUICK else 200
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone = folder / "clone"
        write_utilities(clone, 100)
        bare = make_repository(folder / "repos" / "bench.git", clone)
        commits = commit_files(bare, "utils/g000/util_00000.py", rounds)
        agent = Agent(folder, "runtime.driver=none")
        agent.start()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=30)
            connection.request("GET", "/utils/v1/events/bench")
            stream = connection.getresponse()
            while not stream.readline().startswith(b"id: "):
                pass
            samples = []
            for commit, digest in commits:
                staged = bare / "staged"
                staged.write_text(commit + "\n")
                began = time.perf_counter()
                os.rename(staged, bare / "refs/heads/main")
                while digest.encode() not in stream.readline():
                    pass
                samples.append((time.perf_counter() - began) * 1000)
                time.sleep(0.01)
            connection.close()
            note(
                "ref renamed -> event at a client, p99", percentile(samples, 0.99), "ms", "<= 100 ms",
                f"p50 {statistics.median(samples):.2f} ms",
            )
        finally:
            agent.stop()


def crowd() -> None:
    """A healthy client's p99 beside 2,000 open connections and 500 event streams, and without them."""
    connections, streams = (400, 100) if QUICK else (2_000, 500)
    seconds = 3 if QUICK else 10
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone = folder / "clone"
        write_utilities(clone, 100)
        bare = make_repository(folder / "repos" / "bench.git", clone)
        commits = commit_files(bare, "utils/g000/util_00000.py", seconds)
        agent = Agent(folder, "runtime.driver=none", "server.max_connections=4096", "server.idle_timeout=120")
        agent.start()
        held: list[socket.socket] = []

        def open_one(path: str) -> socket.socket:
            client = socket.create_connection(("127.0.0.1", agent.port), 30)
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
            if not client.recv(4096).startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"bench: {path} was not served")
            return client

        paths = [f"/utils/v1/custom-utils/bench/-/util_{n:05d}" for n in range(100)]
        try:
            alone = paced(agent.port, paths, 100, seconds)
            held += [open_one("/health/live") for _ in range(connections)]
            held += [open_one("/utils/v1/events/bench") for _ in range(streams)]
            beside = paced(agent.port, paths, 100, seconds)
            # And a push a second, of which every stream is told.
            stop = threading.Event()

            def push() -> None:
                for commit, _ in commits:
                    (bare / "staged").write_text(commit + "\n")
                    os.rename(bare / "staged", bare / "refs/heads/main")
                    if stop.wait(1):
                        return

            pusher = threading.Thread(target=push)
            pusher.start()
            told = paced(agent.port, paths, 100, seconds)
            stop.set()
            pusher.join()
            held[-1].settimeout(10)
            if b"event: utility" not in held[-1].recv(65536):
                raise SystemExit("bench: the streams were not told of the pushes")
            note(
                f"100 requests/s beside {connections:,} connections, {streams} streams, p99",
                percentile(beside, 0.99), "ms", "no harm",
                f"alone {percentile(alone, 0.99):.2f} ms; with a push a second {percentile(told, 0.99):.2f} ms",
            )
        finally:
            for client in held:
                client.close()
            agent.stop()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def identity() -> None:
    """Random histories against a model: the test `IdentityHistoryTests`, longer. Only when named."""
    seeds, steps = (4, 100) if QUICK else (20, 200)
    run = subprocess.run(
        ["swift", "test", "--filter", "IdentityHistoryTests"], cwd=HERE.parent, text=True,
        capture_output=True, check=False,
        env={**os.environ, "IDENTITY_SEEDS": str(seeds), "IDENTITY_STEPS": str(steps)},
    )  # fmt: skip
    print(f"identity: seeds 1 to {seeds}, {steps} pushes each")
    pattern = r"^identity: seed \d+ (\w+): (\d+) steps.*wrong (\d+) lost (\d+) doubled (\d+)"
    replays = re.findall(pattern, run.stdout, re.MULTILINE)
    if len(replays) != 3 * seeds:
        raise SystemExit(f"bench: the identity test did not run through:\n{(run.stdout + run.stderr)[-3000:]}")
    wrong = 0
    for pace in ("each", "batches", "all"):
        rows = [[int(value) for value in row[1:]] for row in replays if row[0] == pace]
        done, *faults = (sum(column) for column in zip(*rows))
        for what, count in zip(("wrong", "lost", "doubled"), faults):
            note(f"ids {what}, {done:,} steps, synchronised {pace}", count, "ids", "0")
            wrong += count
    left_out = dict.fromkeys(re.findall(r"^identity: seed \d+ left out: .*", run.stdout, re.MULTILINE))
    print("\n".join(left_out))
    if wrong or run.returncode:
        raise SystemExit(f"bench: {wrong} ids are not what the model says; the test's output:\n{run.stdout[-3000:]}")


def chart(path: Path) -> None:
    """Each figure that has a number to reach, as its share of that number, on a logarithmic scale.

    The line is the target: left of it is less, right of it more; blue reached, red missed.
    """
    rows = []
    for result in results:
        bound = re.match(r"(<=|>=|<) ([\d.]+)", result["target"])
        if not bound or float(bound[2]) == 0:
            continue
        # Targets that are told as a multiple of the baseline stand in "ratio".
        share = result.get("ratio", result["value"]) / float(bound[2])
        reached = share >= 1 if bound[1] == ">=" else share <= 1
        # From a thousandth to ten times the target.
        x = 480 + 260 * max(-3.0, min(1.0, math.log10(max(share, 1e-9)))) / 3
        y = 40 + len(rows) * 22
        label = f"{result['name']}: {result['value']:.2f} {result['unit']} ({result['target']})"
        rows.append(
            f'<text x="800" y="{y + 4}" font-size="11">{html.escape(label)}</text>'
            f'<rect x="{min(x, 480):.0f}" y="{y - 5}" width="{max(2, abs(x - 480)):.0f}" height="10" '
            f'fill="{"#3b6ea5" if reached else "#b03a2e"}"/>'
        )
    height = 60 + 22 * len(rows)
    scale = "".join(
        f'<text x="{480 + 260 * power / 3:.0f}" y="20" font-size="10" text-anchor="middle">{text}</text>'
        for power, text in ((-3, "1/1000"), (-2, "1/100"), (-1, "1/10"), (0, "target"), (1, "10 x"))
    )
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="1400" height="{height}" font-family="sans-serif">'
        f'{scale}<line x1="480" y1="26" x2="480" y2="{height - 10}" stroke="#888"/>{"".join(rows)}</svg>\n'
    )


def main() -> None:
    parts = {
        "latency": lambda: latency(100), "latency10k": lambda: latency(2_000 if QUICK else 10_000),
        "process": process_runtime, "firstsync": first_sync, "start": start_up, "http": http_list,
        "auth": http_auth,
        "http10k": large_catalog, "events": commit_to_event,
        "crowd": crowd,
        "identity": identity,
        "push": lambda: verdicts.push(AGENT, note, QUICK),
        "validate": lambda: verdicts.validate(AGENT, note, QUICK),
        "rules": lambda: verdicts.rules(note),
        "docker": lambda: docker_runtime(sys.modules[__name__]),
        "mongo": lambda: mongo_bench.run(sys.modules[__name__]),
        "hostile": lambda: hostile_bench.run(note),
        "hammered": lambda: hammered_bench.run(sys.modules[__name__]),
    }
    # Only when named: hammered takes minutes, identity builds the tests, mongo starts a server, docker needs root and an
    # engine to start.
    named = [argument for argument in sys.argv[1:] if argument != "--quick"]
    for name in named:
        if name not in parts:
            print(f"bench: unknown {name}; known: --quick {' '.join(parts)}", file=sys.stderr)
            raise SystemExit(2)
    wanted = named or [
        name for name in parts if name not in ("identity", "docker", "hostile", "hammered", "mongo")
    ]
    load = os.getloadavg()
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    machine = f"{os.cpu_count()} cores, {model.group(1) if model else platform.machine()}"
    print(f"machine: {machine}; load {load[0]:.1f}; {time.strftime('%Y-%m-%d %H:%M:%S')}")
    for name in wanted:
        parts[name]()
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / "latest.json").write_text(
        json.dumps(
            {"machine": machine, "load": load, "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
             "quick": QUICK, "figures": results}, indent=2) + "\n"
    )
    chart(folder / "latest.svg")
    print(f"written: {folder.name}/latest.json, {folder.name}/latest.svg")


if __name__ == "__main__":
    main()
