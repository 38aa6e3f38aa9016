# expect: clean
"""A realistic utility: process events with fields called like modules."""

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone


@dataclass
class Process:
    """One process event of the endpoint sensor."""

    pid: int
    os: str
    command: str
    parent: int = 0
    socket: str = ""
    subprocess: list = field(default_factory=list)

    def open(self):
        """Whether the process still runs."""
        return self.pid > 0

    def exec(self):
        """The program without its arguments."""
        return self.command.split(" ", 1)[0]


def tree(events):
    """Hang every process below its parent."""
    by_pid = {event["pid"]: Process(**event) for event in events}
    children = defaultdict(list)
    for process in by_pid.values():
        children[process.parent].append(process)
        if process.parent in by_pid:
            by_pid[process.parent].subprocess.append(process.pid)
    return by_pid, children


def triage_processes(data, filter):
    """Summarise process events per operating system."""
    by_pid, children = tree(data)
    os = (filter or {}).get("os")
    report = []
    for process in by_pid.values():
        if os and process.os != os:
            continue
        if not process.open():
            continue
        row = asdict(process)
        row["program"] = process.exec()
        row["children"] = len(children[process.pid])
        row["network"] = bool(process.socket)
        report.append(row)
    return {"at": datetime.now(timezone.utc).isoformat(), "processes": report}
