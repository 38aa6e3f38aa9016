"""An agent with a tenant for each kind of hostile input, and a quiet one beside them."""

import dataclasses
import os
import threading
import time

from hostile import KINDS, META, OWNED, Push
from rawgit import RawRepository
from support import descendants, wait_for

PATIENCE = 60


@dataclasses.dataclass
class Outcome:
    """What a row got."""

    phase: str
    text: str
    sibling: bool
    seconds: float
    """From the ref to the branch's new status."""
    quiet_seconds: float
    """The same for a good push to another tenant, made in the same instant."""
    agent_mb: float
    """How much the agent's memory grew at most."""
    checker_mb: float
    """The most memory that any one process below the agent had."""


class Memory:
    """How much the agent grows, and how large anything below it becomes, while this is open."""

    def __init__(self, pid):
        self.pid, self.largest = pid, 0.0
        self._stop = threading.Event()

    @staticmethod
    def peak(pid):
        """The high-water mark in MB, 0 where the process is gone."""
        try:
            with open(f"/proc/{pid}/status") as status:
                return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
        except (OSError, StopIteration):
            return 0.0

    def _watch(self):
        while not self._stop.wait(0.02):
            self.look()

    def look(self):
        for pid, _ in descendants(self.pid):
            self.largest = max(self.largest, self.peak(pid))

    def __enter__(self):
        for pid in [self.pid, *(pid for pid, _ in descendants(self.pid))]:
            try:
                with open(f"/proc/{pid}/clear_refs", "w") as file:
                    file.write("5")
            except OSError:
                pass
        self._before = self.peak(self.pid)
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.look()
        self._stop.set()
        self._thread.join()
        self.agent = self.peak(self.pid) - self._before


class World:
    """Every tenant has two good utilities that are applied before anything hostile comes."""

    def __init__(self, agent, kinds=KINDS):
        self.agent = agent
        agent.settings["runtime.driver"] = "none"
        root = agent.folder / "repos"
        self.repositories, self.firsts = {}, {}
        for code in ["quiet", *(self.code(kind) for kind in kinds)]:
            repository = RawRepository(root / f"{code}.git")
            push = Push(repository, None)
            push.answer = b"1"
            self.steady(push)
            self.firsts[code] = push.commit()
            repository.ref("refs/heads/main", self.firsts[code])
            self.repositories[code] = repository
        self.quiet = self.firsts["quiet"]
        agent.start()
        for code, commit in self.firsts.items():
            agent.applied(commit, tenant=code)
        self.hashes = {code: self.sibling(code) for code in self.firsts}

    @staticmethod
    def steady(push):
        push.add("steady.py", b"def steady(data, filter):\n    return 1\n")
        push.add("steady.yaml", META)

    @staticmethod
    def code(kind):
        return f"h{KINDS.index(kind):03d}"

    def sibling(self, code):
        return self.agent.entry("sibling", code)["filehash"]

    def push_quietly(self):
        """A good push to the quiet tenant; gives a function that waits for it and its time."""
        push = Push(self.repositories["quiet"], self.quiet)
        push.answer = self.quiet.encode().join([b"'", b"'"])
        self.steady(push)
        self.quiet = push.commit()
        began = time.monotonic()
        self.repositories["quiet"].ref("refs/heads/main", self.quiet)

        def applied():
            self.agent.applied(self.quiet, tenant="quiet", phase="synced")
            return time.monotonic() - began

        return applied

    def run(self, kind):
        """Pushes one row's input and waits for what it gets."""
        code = self.code(kind)
        repository, before = self.repositories[code], self.firsts[code]
        old = self.agent.branch(code)["report"]
        push = Push(repository, before)
        self.steady(push)
        value = kind.make(push) or push.commit()
        with Memory(self.agent.process.pid) as memory:
            quiet = self.push_quietly()
            began = time.monotonic()
            repository.ref("refs/heads/main", value)

            def told():
                status = self.agent.branch(code)
                report = status["report"]
                news = [report.get(key) != old.get(key) for key in ("revision", "error")]
                return status if status["phase"] != "syncing" and any(news) else None

            status = wait_for(told, f"{kind.name} gets an answer", self.agent.alive, PATIENCE)
            seconds = time.monotonic() - began
            quiet_seconds = quiet()
        report = status["report"]
        findings = [f for utility in report["quarantined"] for f in utility["findings"]] + report["findings"]
        parts = [f"{f['path']}:{f['line']}: {f['rule']}: {f['message']}" for f in findings[:2000]]
        parts += [(report.get("held") or {}).get("reason", ""), report.get("error") or ""]
        return Outcome(
            status["phase"], "\n".join(part for part in parts if part), self.sibling(code) != self.hashes[code],
            seconds, quiet_seconds, memory.agent, memory.largest,
        )  # fmt: skip

    def still_good(self):
        """Nothing of what was pushed ran, and every tenant has its steady utility."""
        self.agent.alive("the end of the table")
        return [code for code in self.firsts if self.agent.entry("steady", code) is None]


def table(rows):
    """A table of (kind, outcome) as text."""
    lines = [f"{'kind':<52} {'got':<9} {'ms':>6} {'quiet':>6} {'agent':>6} {'below':>6}  first words"]
    for kind, outcome in rows:
        words = outcome.text.split("\n")[0][:70].encode("ascii", "backslashreplace").decode()
        lines.append(
            f"{kind.name[:52]:<52} {outcome.phase:<9} {outcome.seconds * 1000:6.0f} {outcome.quiet_seconds * 1000:6.0f}"
            f" {outcome.agent_mb:6.0f} {outcome.checker_mb:6.0f}  {words}"
        )
    return "\n".join(lines)


def was_run():
    """Whether anything of what was pushed ran."""
    return os.path.exists(OWNED)
