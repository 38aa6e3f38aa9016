"""`scripts/bench mongo`: the catalog in MongoDB beside bare libmongoc on the same server in the same run."""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from generate import commit_files, make_repository, write_utilities

HERE = Path(__file__).resolve().parent
VENV = HERE.parent / ".build/mongo-venv"
LEASE = 5


class Server:
    """SecantusDB in a folder of its own, or the server of MONGODB_URI."""

    def __init__(self, folder):
        self.process = None
        if "MONGODB_URI" in os.environ:
            self.uri = os.environ["MONGODB_URI"]
            return
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.uri = f"mongodb://127.0.0.1:{port}/"
        self.process = subprocess.Popen(
            [VENV / "bin/secantusd-py", "--host", "127.0.0.1", "--port", str(port), "--sync-on-commit",
             "--storage-path", folder / "mongo"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)  # fmt: skip
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit("bench: SecantusDB did not start") from None
                time.sleep(0.02)

    def end(self):
        if self.process:
            self.process.terminate()
            self.process.wait()


def build_reference(folder):
    """The bare program, with the flags that pkg-config gives."""
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "libmongoc-1.0"], check=True, capture_output=True, text=True
    ).stdout.split()
    program = folder / "mongo_reference"
    subprocess.run(["cc", "-O2", "-o", program, HERE / "mongo_reference.c", *flags], check=True)
    return program


def bare(program, *words):
    answer = subprocess.run([program, *map(str, words)], check=True, capture_output=True, text=True).stdout
    return [float(word) for word in answer.split()]


def peak(pid, stopped, found):
    """The largest resident size of a process, in MB, and of what it starts beside it."""
    while not stopped.is_set():
        try:
            text = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        for line in text.splitlines():
            if line.startswith("VmHWM:"):
                found[0] = int(line.split()[1]) / 1024
        stopped.wait(0.05)


def timed_sync(bench, folder, *settings):
    """Seconds of one `sync` command, and its largest resident size in MB."""
    agent = bench.Agent(folder, "runtime.driver=none", f"agent.state={folder}/state", *settings)
    began = time.perf_counter()
    process = subprocess.Popen(agent.arguments("sync"), stdout=subprocess.DEVNULL)
    stopped, found = threading.Event(), [0.0]
    watcher = threading.Thread(target=peak, args=(process.pid, stopped, found))
    watcher.start()
    if process.wait() != 0:
        raise SystemExit("bench: the sync failed")
    seconds = time.perf_counter() - began
    stopped.set()
    watcher.join()
    return seconds, found[0]


def first_sync(bench, server, program, folder, count):
    """Every document once: the agent's whole first sync, and the bare bulk of what it wrote, in turns."""
    clone = folder / "clone"
    write_utilities(clone, count)
    make_repository(folder / "repos" / "bench.git", clone)

    def settings(name):
        return f"catalog.url={server.uri}", f"catalog.database_prefix={name}_", f"catalog.core_database={name}_core"

    wholes, memories, seconds = [], [], []
    for turn in range(3):
        # Nothing is known of the files.
        shutil.rmtree(folder / "state", ignore_errors=True)
        whole, memory = timed_sync(bench, folder, *settings(f"first{turn}"))
        documents, took = bare(program, "bulk", server.uri, f"first{turn}_bench")
        wholes.append(whole)
        memories.append(memory)
        seconds.append(took)
        # The server keeps all of it in memory otherwise.
        for database in (f"first{turn}_bench", f"first{turn}_bench_bare"):
            bare(program, "drop", server.uri, database)
    whole, memory = statistics.median(wholes), max(memories)
    floor = documents / statistics.median(seconds)
    # The same with every verdict at hand, over the embedded catalog: what is not the database.
    embedded, _ = timed_sync(bench, folder)
    for leftover in folder.glob("catalog.sqlite*"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    judged, _ = timed_sync(bench, folder, *settings("again"))
    bench.note(
        f"first sync of {count:,} entries into MongoDB", documents / whole, "documents/s",
        ">= 90 % of bare bulk", f"bare libmongoc bulk upsert {floor:.0f}/s, share {100 * documents / whole / floor:.0f} %",
        share=documents / whole / floor)  # fmt: skip
    bench.note(
        "the same, files judged before", documents / judged, "documents/s", "told",
        f"share {100 * documents / judged / floor:.0f} %; embedded, judged before {embedded:.1f} s, "
        f"MongoDB {judged:.1f} s")  # fmt: skip
    bench.note(f"agent's memory while syncing {count:,}", memory, "MB", "< 200 MB", "largest resident size")


def visible(bench, folder, commits, bare_repository, *settings):
    """Milliseconds from a ref's rename to the new hash over HTTP."""
    agent = bench.Agent(folder, "runtime.driver=none", f"agent.state={folder}/state-{len(settings)}", *settings)
    agent.start()
    samples = []
    try:
        poller = bench.Poller(agent, "util_00000")
        for commit, digest in commits:
            staged = bare_repository / "staged"
            staged.write_text(commit + "\n")
            began = time.perf_counter()
            os.rename(staged, bare_repository / "refs/heads/main")
            while poller.filehash() != digest:
                if time.perf_counter() - began > 20:
                    raise SystemExit("bench: a commit never became visible")
            samples.append((time.perf_counter() - began) * 1000)
            time.sleep(0.005)
    finally:
        agent.stop()
    return statistics.median(samples)


def latency(bench, server, program, folder, rounds):
    clone = folder / "clone"
    write_utilities(clone, 100)
    repository = make_repository(folder / "repos" / "bench.git", clone)
    commits = commit_files(repository, "utils/g000/util_00000.py", 2 * rounds)
    embedded = visible(bench, folder, commits[:rounds], repository)
    mongo = visible(
        bench, folder, commits[rounds:], repository, f"catalog.url={server.uri}",
        "catalog.database_prefix=late_", "catalog.core_database=late_core")  # fmt: skip
    (single,) = bare(program, "single", server.uri, 200)
    whole, *steps = bare(program, "transaction", server.uri, "late_bench", "late_core", 200)
    names = ("read", "utility with its indexes", "branch", "lease", "commit")
    parts = ", ".join(f"{name} {step:.1f}" for name, step in zip(names, steps, strict=True))
    bench.note(
        "commit -> hash over HTTP with MongoDB behind, p50", mongo, "ms",
        f"<= {embedded + 2 * single:.2f} ms",
        f"embedded {embedded:.2f} ms + 2 x bare upsert {single:.2f} ms; "
        f"the same transaction by bare libmongoc alone {whole:.2f} ms ({parts})")  # fmt: skip


def fail_over(bench, server, folder, count):
    """Three agents, one killed, a push to every tenant during the fail-over."""
    clone = folder / "clone"
    write_utilities(clone, 1)
    first = make_repository(folder / "repos" / "t000.git", clone)
    for index in range(1, count):
        shutil.copytree(first, folder / "repos" / f"t{index:03}.git")
    commits = {
        folder / "repos" / f"t{index:03}.git": commit_files(
            folder / "repos" / f"t{index:03}.git", "utils/g000/util_00000.py", 1)[0]
        for index in range(count)
    }  # fmt: skip
    agents = []
    for name in "abc":
        (folder / name).mkdir()
        agent = bench.Agent(
            folder / name, "runtime.driver=none", f"repositories.root={folder}/repos",
            f"catalog.url={server.uri}", "catalog.database_prefix=fail_", "catalog.core_database=fail_core",
            f"agent.state={folder}/{name}/state", f"agent.name={name}", f"catalog.lease={LEASE}")  # fmt: skip
        agents.append(agent)
    look = subprocess.Popen(
        [VENV / "bin/python", HERE / "mongo_watch.py", server.uri, "fail_", str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
    try:
        for agent in agents:
            agent.start()
        if look.stdout.readline() != "divided\n":
            raise SystemExit("bench: the tenants were not divided")
        agents[2].process.send_signal(signal.SIGKILL)
        agents[2].process.wait()
        began = time.time()
        for repository, (commit, _) in commits.items():
            staged = repository / "staged"
            staged.write_text(commit + "\n")
            os.rename(staged, repository / "refs/heads/main")
        pushed = time.time() - began
        for repository, (commit, digest) in commits.items():
            look.stdin.write(f"{repository.stem} {commit} {digest}\n")
        look.stdin.close()
        last, doubled = look.stdout.read().split()
        bench.note(
            f"3 agents, {count} tenants, one killed: the last push is live after", float(last) - began, "s",
            f"<= {2 * LEASE + 1} s", f"lease {LEASE} s; {count} pushes in {pushed:.1f} s; "
            f"{doubled} applied more than once")  # fmt: skip
    finally:
        look.kill()
        look.wait()
        for agent in agents:
            agent.stop()


def run(bench):
    """All of them, on one server."""
    count = 2_000 if bench.QUICK else 10_000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        program = build_reference(folder)
        server = Server(folder)
        try:
            for name, part in (
                ("latency", lambda at: latency(bench, server, program, at, 60 if bench.QUICK else 100)),
                ("first", lambda at: first_sync(bench, server, program, at, count)),
                ("fail", lambda at: fail_over(bench, server, at, 60 if bench.QUICK else 300)),
            ):
                (folder / name).mkdir()
                print(f"  {name} …", file=sys.stderr, flush=True)
                part(folder / name)
        finally:
            server.end()
