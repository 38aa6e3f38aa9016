"""The child process that runs one utility; started as `python -I -S -B worker.py LIFELINE`.

Standard library only: a utility meets no package of the server's. The release is never read
from disk here: sources arrive in the LOAD frame, as the server verified them.

Descriptors at start: 0 is the private channel (a socket), 1 and 2 the captured output, and
LIFELINE the reading end of a pipe whose writing end only the server holds.
"""

from __future__ import annotations

import _thread
import io
import json
import math
import os
import resource
import sys
from typing import NoReturn

# -I leaves this folder out of the path; it is importable for these imports only.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from worker_channel import (
    FAILED,
    LOAD,
    LOADED,
    MALFORMED,
    RESULT,
    RETIRE,
    STARTED,
    Channel,
)
from worker_limits import arm_lifeline, end_group, restrict
from worker_modules import ReleaseModules
from worker_text import sound

del sys.path[0]

_HEADROOM = 32 * 2**20  # address space kept back so that a MemoryError can be reported
_TEXT_LIMIT = 32 * 2**10
_BROKEN = 70  # exit status: this program failed, not the utility


class BoundedOutput(io.RawIOBase):
    """Standard output of the utility: what exceeds the budget of a call is dropped, so that
    a flood of prints costs neither memory nor log. Unbuffered: a crash loses nothing."""

    def __init__(self, budget: int) -> None:
        self._budget = self._left = budget

    def renew(self) -> None:
        self._left = self._budget

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def write(self, text: bytes) -> int:  # type: ignore[override]
        size = memoryview(text).nbytes
        if self._left > 0:
            os.write(1, memoryview(text).cast("B")[: self._left])
            self._left -= size
        return size


class Worker:
    """Loads the utility, then answers calls until the channel closes."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._pid = os.getpid()
        self._encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
        self._decode = json.JSONDecoder(
            parse_constant=_refuse_constant, parse_float=_finite
        ).decode

    def load(self, payload: bytes) -> bool:
        """Apply the limits and run the module; False (after FAILED) when that raised."""
        size = int.from_bytes(payload[:4], "big")
        order = json.loads(payload[4 : 4 + size])
        sources, start = {}, 4 + size
        for path, length in order["files"]:
            sources[path] = payload[start : start + length]
            start += length
        self._name: str = order["name"]
        self._timeout: float = order["timeout"]
        self._max_result: int = order["max_result"]
        self._output = BoundedOutput(order["output"])
        self._stream = None
        restrict(resource.RLIMIT_AS, order["memory"], order["memory"] + _HEADROOM)
        restrict(resource.RLIMIT_CORE, 0, 0)
        restrict(resource.RLIMIT_NOFILE, order["open_files"], order["open_files"])
        restrict(resource.RLIMIT_FSIZE, order["file_size"], order["file_size"])
        sys.argv = [self._name]
        if order["packages"]:
            # Last: no package takes the place of a module of the standard library. Its `.pth` files
            # are not read, so that nothing but an import runs its code.
            sys.path.append(order["packages"])
        modules = ReleaseModules(
            {path: source for path, source in sources.items() if path.startswith("lib/")}
        )
        sys.meta_path.insert(0, modules)  # type: ignore[arg-type]
        self._before_call()
        try:
            module = modules.load_utility(self._name, order["file"], sources[order["file"]])
            self._function = getattr(module, self._name, None)
            if not callable(self._function):
                raise TypeError(f"{order['file']} defines no function {self._name}(data, filter)")
        except BaseException as error:
            self._leave_if_forked()
            self._channel.send(FAILED, 0, _describe(error), RETIRE)
            return False
        self._leave_if_forked()
        # What the module itself started belongs to it; only a call's leftovers count later.
        self._threads = _thread._count()
        self._has_children = _has_children()
        self._channel.send(LOADED, 0)
        return True

    def call(self, number: int, body: bytes) -> None:
        """Answer one call with exactly one RESULT, FAILED or MALFORMED."""
        self._channel.send(STARTED, number)
        self._before_call()
        try:
            request = self._decode(body.decode("utf-8"))
            if not isinstance(request, dict):
                raise ValueError("it is not an object")
        except RecursionError:
            return self._channel.send(MALFORMED, number, b"it is nested too deeply")
        except MemoryError as error:
            return self._channel.send(FAILED, number, _describe(error), RETIRE)
        except ValueError as error:
            return self._channel.send(MALFORMED, number, sound(str(error)[:500]).encode())
        flags = 0
        try:
            value = self._function(request.get("data"), request.get("filter"))
            kind, answer = RESULT, self._to_json(value)
        except BaseException as error:
            self._leave_if_forked()
            # SystemExit, exhausted memory or stack: whatever it left behind goes with it.
            if not isinstance(error, Exception) or isinstance(error, MemoryError | RecursionError):
                flags = RETIRE
            kind, answer = FAILED, _describe(error)
        self._leave_if_forked()
        if _thread._count() > self._threads or (not self._has_children and _has_children()):
            flags = RETIRE
        self._channel.send(kind, number, answer, flags)

    def _to_json(self, value: object) -> bytes:
        try:
            text = self._encode(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"the return value is not JSON: {error}") from None
        if len(text) > self._max_result:
            raise ValueError(
                f"the return value is {len(text)} bytes of JSON, the limit is {self._max_result}"
            )
        return text.encode("ascii")

    def _before_call(self) -> None:
        """Renew what a previous call may have used up or replaced."""
        self._output.renew()
        if self._stream is None or self._stream.closed:
            self._stream = io.TextIOWrapper(
                self._output,  # type: ignore[arg-type]
                encoding="utf-8",
                errors="backslashreplace",
                write_through=True,
            )
        sys.stdout = sys.stderr = self._stream
        # A backstop for the server's clock: CPU seconds count over the life of the process.
        used = resource.getrusage(resource.RUSAGE_SELF)
        allowed = used.ru_utime + used.ru_stime + self._timeout * (os.cpu_count() or 1) + 5
        restrict(resource.RLIMIT_CPU, int(allowed), resource.RLIM_INFINITY)

    def _leave_if_forked(self) -> None:
        """A child that the utility forked, and that returned from it, ends here."""
        if os.getpid() != self._pid:
            os._exit(0)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (math.inf, -math.inf):
        raise ValueError(f"{text[:40]} is beyond the range of numbers")
    return value


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _describe(error: BaseException) -> bytes:
    """Type, message and traceback as JSON. The exception is the utility's own class: each of
    its parts may raise, or be endless."""
    if isinstance(error, MemoryError):
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        message = sound(str(error)[:4096])
    except BaseException as second:
        message = f"<the message cannot be shown: {type(second).__name__}>"
    try:
        import traceback

        frames = error.__traceback__
        while frames and not frames.tb_frame.f_globals["__name__"].startswith("utils."):
            frames = frames.tb_next  # leave our own frames out
        lines = traceback.format_exception(type(error), error, frames, limit=-50)
        trace = sound("".join(lines)[-_TEXT_LIMIT:])
    except BaseException as second:
        trace = f"<the traceback cannot be shown: {type(second).__name__}>"
    # Not `type(error).__name__`, which a metaclass may have replaced.
    name = sound(type.__dict__["__name__"].__get__(type(error)))
    report = {"type": name, "message": message, "traceback": trace}
    return json.dumps(report).encode("ascii")


def main() -> None:
    arm_lifeline(int(sys.argv[1]))
    channel = Channel()
    try:
        _answer_calls(channel, Worker(channel))
    except BaseException:
        # Its traceback would become the utility's output; the server tells of the status.
        os._exit(_BROKEN)
    end_group()


def _answer_calls(channel: Channel, worker: Worker) -> None:
    """Until the server is gone, or the utility's module cannot be loaded."""
    while frame := channel.receive():
        kind, number, payload = frame
        del frame
        if kind == LOAD:
            if not worker.load(payload):
                break
        else:
            worker.call(number, payload)
        del payload


if __name__ == "__main__":
    main()
