"""The command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker process, and all of them together, may use."""

    memory: int
    open_files: int
    file_size: int
    output: int
    result: int
    workers: int
    workers_per_utility: int
    queue: int
    idle: float


@dataclass(frozen=True, slots=True)
class Retiring:
    """Utilities that live on in the folder of a previous release until `retire`."""

    folder: Path
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Retiring:
        """`DIR:name1,name2`; the folder may contain colons."""
        folder, _, names = text.rpartition(":")
        listed = tuple(name for name in names.split(",") if name)
        if not folder or not listed:
            raise argparse.ArgumentTypeError(f"{text!r} is not DIR:NAME,NAME...")
        return cls(Path(folder), listed)


@dataclass(frozen=True, slots=True)
class Options:
    release: Path
    tenant: str
    retiring: tuple[Retiring, ...]
    environments: dict[str, Path]
    confine: bool
    listen_fd: int | None
    host: str
    port: int
    control: bool
    control_socket: Path | None
    control_port: int | None
    control_key: str
    body_limit: int
    read_timeout: float
    keep_alive: float
    drain_idle: float
    grace: float
    log_level: str
    journal: int
    journal_payload: int
    journal_linger: float
    limits: Limits


def parse(arguments: list[str] | None = None) -> Options:
    """Options from the command line; exits with status 2 and a usage message on errors."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if (given.control_port is None) != (given.control_key is None):
        parser.error("--control-port and --control-key belong together")
    return Options(
        release=given.release,
        tenant=given.tenant,
        retiring=tuple(given.retiring),
        environments={folder.name: folder for folder in given.environment},
        confine=given.confine,
        listen_fd=given.listen_fd,
        host=given.host,
        port=given.port or 0,
        control=not (given.no_control or given.control_socket or given.control_port),
        control_socket=given.control_socket,
        control_port=given.control_port,
        control_key=given.control_key or "",
        body_limit=given.max_body * MIB,
        read_timeout=given.read_timeout,
        keep_alive=given.keep_alive,
        drain_idle=given.drain_idle,
        grace=given.grace,
        log_level=given.log_level,
        journal=given.journal,
        journal_payload=given.journal_payload,
        journal_linger=given.journal_linger,
        limits=Limits(
            memory=given.memory * MIB,
            open_files=given.open_files,
            file_size=given.file_size * MIB,
            output=given.output_log,
            result=given.max_result * MIB,
            workers=given.workers,
            workers_per_utility=given.workers_per_utility,
            queue=given.queue,
            idle=given.idle,
        ),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python-utils",
        description="Serves one immutable release of one tenant's Python utilities over HTTP.",
        epilog="example: serve.py --release releases/3f9a --tenant demo --port 8110 --no-control",
    )
    add = parser.add_argument
    add("--release", type=Path, required=True, metavar="DIR", help="folder with release.json")
    add("--tenant", required=True, metavar="CODE", help="for the logs; must match release.json")
    add("--retiring", type=Retiring.parse, action="append", default=[], metavar="DIR:NAME,...",
        help="utilities of a previous release, served until the command `retire`; repeatable")
    add("--environment", type=Path, action="append", default=[], metavar="DIR",
        help="packages of the utilities whose `env` is the folder's name; repeatable")

    add("--confine", action="store_true",
        help="have the kernel hide all files but the system's, the release's and its packages'")

    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--listen-fd", type=int, metavar="N", help="inherited listening socket")
    where.add_argument("--port", type=int, metavar="P", help="own socket, with SO_REUSEPORT")
    add("--host", default="127.0.0.1", metavar="H", help="address for --port (%(default)s)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--no-control", action="store_true", help="listen at once and ignore stdin")
    how.add_argument("--control-socket", type=Path, metavar="PATH",
                     help="obey HTTP on a unix socket instead of stdin; for containers")
    how.add_argument("--control-port", type=int, metavar="P",
                     help="listen at once, and obey HTTP on this port of --host; for tasks of a Swarm")
    add("--control-key", metavar="HEX",
        help="SHA-256 of the key that a caller of --control-port has to know")

    count = _at_least(1)
    add("--memory", type=_at_least(64), default=512, metavar="MIB",
        help="address space of a worker (%(default)s)")
    add("--open-files", type=_at_least(80), default=256, metavar="N",
        help="descriptors of a worker (%(default)s)")
    add("--file-size", type=count, default=64, metavar="MIB",
        help="largest file that a worker may write (%(default)s)")
    add("--workers", type=count, default=32, metavar="N",
        help="worker processes in all; the least recently used idle one makes room (%(default)s)")
    add("--workers-per-utility", type=count, default=2, metavar="N",
        help="worker processes of one busy utility (%(default)s)")
    add("--queue", type=_at_least(0), default=64, metavar="N",
        help="calls of one utility that may wait for a worker, more get 503 (%(default)s)")
    add("--idle", type=_seconds, default=300.0, metavar="S",
        help="seconds after which an idle worker ends (%(default)g)")

    add("--max-body", type=count, default=10, metavar="MIB", help="request body (%(default)s)")
    add("--read-timeout", type=_seconds, default=30.0, metavar="S",
        help="a request whose body does not go on for that long gets 408 (%(default)g)")
    add("--max-result", type=count, default=10, metavar="MIB", help="result as JSON (%(default)s)")
    add("--output-log", type=count, default=64 * 1024, metavar="BYTES",
        help="how much of a call's prints is logged (%(default)s)")
    add("--keep-alive", type=_seconds, default=75.0, metavar="S",
        help="idle keep-alive connections end after this (%(default)g)")
    add("--drain-idle", type=_seconds, default=2.0, metavar="S",
        help="the same while draining (%(default)g)")
    add("--grace", type=_seconds, default=5.0, metavar="S",
        help="a drain may last the longest timeout and this (%(default)g)")
    add("--journal", type=_at_least(0), default=0, metavar="N",
        help="calls that are kept for the agent to collect (%(default)s)")
    add("--journal-payload", type=_at_least(0), default=4096, metavar="BYTES",
        help="how much of a call's request, response, error and prints is kept (%(default)s)")
    add("--journal-linger", type=_seconds, default=3.0, metavar="S",
        help="how long a drained server waits for its last calls to be collected (%(default)g)")
    add("--log-level", choices=["debug", "info", "warning", "error"], default="info",
        help="(%(default)s)")
    return parser


def _at_least(least: int):
    def parse_count(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is below {least}")
        return value

    return parse_count


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 86400 seconds")
    return value
