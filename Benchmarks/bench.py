"""The figures of the README: medians, each beside a baseline of the same run.

Prints a table, writes Benchmarks/results/latest.json and latest.svg.
"""

import ctypes
import http.client
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

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
    import threading

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
    import hashlib

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
                f"ratio {ratio:.2f}",
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
            f"ratio {statistics.median(ratios):.2f}",
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


def wrk(url: str, seconds: int) -> tuple[float, float]:
    """Requests a second and p99 in milliseconds."""
    text = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", url], check=True, capture_output=True, text=True
    ).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def http_list() -> None:
    """The list of 100 entries beside an empty handler and the same bytes as a constant."""
    seconds = 2 if QUICK else 5
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone = folder / "clone"
        write_utilities(clone, 100)
        make_repository(folder / "repos" / "bench.git", clone)
        agent = Agent(folder, "runtime.driver=none")
        agent.start()
        port = free_port()
        path = "/utils/v1/custom-utils/bench/-/-"
        size = len(agent.get(path)[1])
        bare = subprocess.Popen(
            [BARE, str(port), str(size)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            time.sleep(1)
            lists, empties, constants, tails = [], [], [], []
            for _ in range(3):
                rate, tail = wrk(f"http://127.0.0.1:{agent.port}{path}", seconds)
                lists.append(rate)
                tails.append(tail)
                empties.append(wrk(f"http://127.0.0.1:{port}/empty", seconds)[0])
                constants.append(wrk(f"http://127.0.0.1:{port}/bytes", seconds)[0])
            share = 100 * statistics.median(a / b for a, b in zip(lists, empties))
            same = 100 * statistics.median(a / b for a, b in zip(lists, constants))
            note(
                "GET list of 100 entries, of an empty handler's rate", share, "%", ">= 50 %",
                f"list {statistics.median(lists):.0f}/s of {size:,} bytes, empty "
                f"{statistics.median(empties):.0f}/s, p99 {statistics.median(tails):.1f} ms",
            )
            note(
                "GET list of 100 entries, of a constant with the same bytes", same, "%", "told",
                f"constant {statistics.median(constants):.0f}/s",
            )
        finally:
            bare.terminate()
            bare.wait()
            agent.stop()


def chart(path: Path) -> None:
    """Bars of the latest run, each named with its value and target."""
    rows = []
    for index, result in enumerate(results):
        y = 20 + index * 34
        share = min(1.0, abs(result["value"]) / (max(abs(r["value"]) for r in results) or 1))
        rows.append(
            f'<text x="10" y="{y}" font-size="12">{result["name"]}: {result["value"]:.2f} '
            f'{result["unit"]} (target {result["target"].replace("<", "&lt;")})</text>'
            f'<rect x="10" y="{y + 5}" width="{max(2, share * 560):.0f}" height="9" fill="#3b6ea5"/>'
        )
    height = 30 + 34 * len(results)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{height}" '
        f'font-family="sans-serif">{"".join(rows)}</svg>\n'
    )


def main() -> None:
    parts = {
        "latency": lambda: latency(100), "latency10k": lambda: latency(2_000 if QUICK else 10_000),
        "process": process_runtime, "firstsync": first_sync, "start": start_up, "http": http_list,
    }
    wanted = [a for a in sys.argv[1:] if not a.startswith("-")] or list(parts)
    unknown = [name for name in wanted if name not in parts]
    if unknown:
        raise SystemExit(f"bench: unknown {unknown}; known: {', '.join(parts)}")
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
