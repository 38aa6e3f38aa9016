"""One tenant hammered beside fifty quiet ones: what the quiet ones notice of it."""

import base64
import http.client
import os
import random
import re
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from generate import GIT, commit_files, git, make_repository, write_utilities

QUIET = 50
# Quiet pushes a second, over all quiet tenants.
RATE = 10
LARGE = 10 << 20


class Quiet:
    """The quiet tenants: one small push after the other, at a steady pace, each timed."""

    def __init__(self, agent, folder: Path, tree: Path, rounds: int) -> None:
        self.agent = agent
        self.local = threading.local()
        self.bares = [make_clone(folder, tree, f"quiet{index:02d}") for index in range(QUIET)]
        self.commits = [commit_files(bare, "utils/g000/util_00000.py", rounds) for bare in self.bares]
        self.next = [0] * QUIET

    def _hash(self, tenant: int) -> str:
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection("127.0.0.1", self.agent.port, timeout=60)
        self.local.connection.request("GET", f"/utils/v1/custom-utils/quiet{tenant:02d}/-/util_00000")
        match = re.search(rb'"filehash":"([0-9a-f]{64})"', self.local.connection.getresponse().read())
        return match.group(1).decode() if match else ""

    def push(self, tenant: int) -> float:
        """Milliseconds from the ref's rename until the catalog shows the new hash."""
        commit, digest = self.commits[tenant][self.next[tenant]]
        self.next[tenant] += 1
        bare = self.bares[tenant]
        (bare / "staged").write_text(commit + "\n")
        began = time.perf_counter()
        os.rename(bare / "staged", bare / "refs/heads/main")
        while self._hash(tenant) != digest:
            if time.perf_counter() - began > 60:
                raise SystemExit(f"a push of quiet{tenant:02d} never became visible")
            time.sleep(0.001)
        return (time.perf_counter() - began) * 1000

    def run(self, done) -> list[float]:
        """Pushes at the pace, whatever the answers take, until `done(count)`."""
        waiting = []
        with ThreadPoolExecutor(16) as pool:
            began = time.perf_counter()
            while not done(len(waiting)):
                time.sleep(max(0.0, began + len(waiting) / RATE - time.perf_counter()))
                waiting.append(pool.submit(self.push, len(waiting) % QUIET))
            return [result.result() for result in waiting]


def make_clone(folder: Path, tree: Path, tenant: str) -> Path:
    bare = folder / "repos" / f"{tenant}.git"
    bare.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(tree), str(bare)], check=True, env=GIT)
    head = git("rev-parse", "main", cwd=bare)
    (bare / "packed-refs").unlink(missing_ok=True)
    (bare / "refs/heads/main").write_text(head + "\n")
    return bare


def make_pushes(bare: Path, work: Path, count: int) -> list[str]:
    """A clone with `count` commits that are yet to be pushed, each tenth with a file of 10 MiB."""
    subprocess.run(["git", "clone", "-q", str(bare), str(work)], check=True, env=GIT)
    noise = random.Random(11)
    path = work / "utils/g000/util_00001.py"
    text = path.read_text()
    for index in range(count):
        if index % 10 == 9:
            # Nothing makes it small: random bytes as comments, up to the most that is allowed.
            body = base64.encodebytes(noise.randbytes(LARGE * 74 // 100)).decode()
            lines = "".join(f"# {line}\n" for line in body.splitlines())
            path.write_text((text + lines)[: LARGE - 64].rsplit("\n", 1)[0] + "\n")
        else:
            path.write_text(f"{text}\n# {index}\n")
        subprocess.run(["git", "commit", "-qam", "push"], cwd=work, check=True, env=GIT)
    return git("rev-list", "--reverse", f"-{count}", "HEAD", cwd=work).split()


def hammer(work: Path, commits: list[str]) -> float:
    """Real pushes, each as soon as the last one is through; how many seconds they took."""
    began = time.perf_counter()
    for commit in commits:
        subprocess.run(
            ["git", "push", "-q", "origin", f"{commit}:refs/heads/main"], cwd=work, check=True, env=GIT,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
    return time.perf_counter() - began


def run(bench) -> None:
    """The quiet tenants alone, then beside the hammered one, in one run."""
    pushes = 100 if bench.QUICK else 1000
    alone_for = 100 if bench.QUICK else 300
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tree = folder / "tree"
        write_utilities(tree, 10)
        make_repository(folder / "first.git", tree)
        bare = make_clone(folder, tree, "hammered")
        agent = bench.Agent(folder, "runtime.driver=none", "policy.history=any")
        quiet = Quiet(agent, folder, tree, 40 if bench.QUICK else 80)
        commits = make_pushes(bare, folder / "work", pushes)
        agent.start()
        try:
            quiet.run(lambda count: count >= QUIET)  # Each tenant once: what is first is slower.
            alone = quiet.run(lambda count: count >= alone_for)
            took: list[float] = []
            thread = threading.Thread(target=lambda: took.append(hammer(folder / "work", commits)))
            thread.start()
            beside = quiet.run(lambda _: not thread.is_alive())
            thread.join()
            peak = int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{agent.process.pid}/status").read_text())[1])
        finally:
            agent.stop()
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        figure, floor = bench.percentile(beside, share), bench.percentile(alone, share)
        bench.note(
            f"50 quiet tenants beside a hammered one, {name}", figure, "ms",
            "<= 3 x alone" if name == "p99" else "told",
            f"alone {floor:.1f} ms: {figure / floor:.1f} x; {len(beside)} and {len(alone)} pushes",
        )  # fmt: skip
    bench.note(
        "the hammered tenant: pushes a second", pushes / took[0], "1/s", "told",
        f"{pushes} pushes, each tenth 10 MiB, in {took[0]:.0f} s; the agent's peak {peak / 1024:.0f} MB",
    )
