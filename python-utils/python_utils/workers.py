"""The pool: which call runs in which worker process, and how many there may be.

Each utility has its own workers, which stay warm between calls. A call takes an idle worker,
else a new one while the utility and the pool have room (the least recently used idle worker of
another utility makes room), else it waits, in order of arrival, in a bounded queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .oom import OomOrder
from .options import Limits
from .orphans import adopt_orphans, kill_orphans
from .outcomes import Overloaded, WorkerDied
from .release import Utility
from .scratch import Scratch
from .worker_process import WorkerProcess

_log = logging.getLogger("workers")


@dataclass(slots=True, eq=False)
class _Lane:
    """The workers and the queue of one utility."""

    utility: Utility
    idle: list[WorkerProcess] = field(default_factory=list)
    size: int = 0
    waiting: int = 0
    retired: bool = False


@dataclass(slots=True, eq=False)
class _Ticket:
    lane: _Lane
    is_wanted: Callable[[], bool]
    grant: asyncio.Future[WorkerProcess]


class WorkerPool:
    """Runs calls in worker processes. `close` must be called; it leaves nothing behind."""

    def __init__(self, limits: Limits, scratch: Scratch, oom: OomOrder) -> None:
        self._limits = limits
        self._scratch = scratch
        self._oom = oom
        self._lanes: dict[Utility, _Lane] = {}
        self._idle: OrderedDict[WorkerProcess, None] = OrderedDict()  # least recently used first
        self._tickets: deque[_Ticket] = deque()
        self._size = 0
        self._processes: dict[int, WorkerProcess] = {}
        self._subreaper = False
        self._housekeeping: asyncio.TimerHandle | None = None

    async def call(
        self, utility: Utility, body: bytes, printed: list[str],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> bytes:
        """The result as JSON, or one of `outcomes`; what the utility prints is added to `printed`.
        A call that waits until nobody wants its result any more does not begin.

        A call whose worker died before it began is tried once more: something that an earlier call
        left behind ended that worker. When the task is cancelled, so is the call."""
        try:
            return await self._attempt(utility, body, printed, is_wanted)
        except WorkerDied as death:
            if death.started:
                raise
            _log.warning("worker of %s %s before the call; trying again", utility.name, death)
            return await self._attempt(utility, body, printed, is_wanted)

    async def _attempt(
        self, utility: Utility, body: bytes, printed: list[str], is_wanted: Callable[[], bool]
    ) -> bytes:
        worker = await self._acquire(utility, is_wanted)
        try:
            if not worker.pid:
                self._spawn(worker)
                await worker.load(printed)
            return await worker.call(body, printed)
        finally:
            self._release(worker)

    def _spawn(self, worker: WorkerProcess) -> None:
        if not self._subreaper:
            adopt_orphans()
            self._subreaper = True
            self._keep_house()
        try:
            worker.spawn()
        except OSError as error:
            raise Overloaded(f"no worker process can be started: {error.strerror}") from error
        self._processes[worker.pid] = worker

    async def _acquire(self, utility: Utility, is_wanted: Callable[[], bool]) -> WorkerProcess:
        lane = self._lanes.get(utility)
        if lane is None:
            lane = self._lanes[utility] = _Lane(utility)
        if not lane.waiting and (worker := self._grant(lane)):
            return worker
        if lane.waiting >= self._limits.queue:
            raise Overloaded(f"{lane.waiting} calls of {utility.name} are waiting already")
        ticket = _Ticket(lane, is_wanted, asyncio.get_running_loop().create_future())
        self._tickets.append(ticket)
        lane.waiting += 1
        try:
            async with asyncio.timeout(utility.timeout):
                return await ticket.grant
        except TimeoutError:
            self._give_up(ticket)
            raise Overloaded(f"no worker of {utility.name} became free in time") from None
        except asyncio.CancelledError:
            self._give_up(ticket)
            raise
        finally:
            lane.waiting -= 1

    def _give_up(self, ticket: _Ticket) -> None:
        if ticket in self._tickets:
            self._tickets.remove(ticket)
        elif not ticket.grant.cancelled():  # granted in the very moment of giving up
            self._release(ticket.grant.result())

    def _grant(self, lane: _Lane) -> WorkerProcess | None:
        """An idle worker, or the permission to start one, if there is either."""
        if lane.idle:
            worker = lane.idle.pop()
            del self._idle[worker]
            return worker
        if lane.size >= self._limits.workers_per_utility:
            return None
        if self._size >= self._limits.workers:
            if not self._idle:
                return None
            self._discard(next(iter(self._idle)), "made room for another utility")
        lane.size += 1
        self._size += 1
        return WorkerProcess(lane.utility, self._limits, self._scratch, self._oom, self._exited)

    def _release(self, worker: WorkerProcess) -> None:
        lane = self._lanes[worker.utility]
        if lane.retired or not (worker.alive and worker.fit):
            self._drop(worker, "was not fit for another call")
        else:
            worker.idle_since = asyncio.get_running_loop().time()
            lane.idle.append(worker)
            self._idle[worker] = None
        self._serve_queue()

    def _serve_queue(self) -> None:
        """Give what has become free to those who have waited longest."""
        for ticket in list(self._tickets):
            if ticket.grant.done():
                continue
            if not ticket.is_wanted():
                self._tickets.remove(ticket)
                ticket.grant.set_exception(Overloaded("its client has gone while it waited"))
                continue
            if worker := self._grant(ticket.lane):
                self._tickets.remove(ticket)
                ticket.grant.set_result(worker)

    def _discard(self, worker: WorkerProcess, reason: str) -> None:
        """End an idle worker."""
        del self._idle[worker]
        self._lanes[worker.utility].idle.remove(worker)
        self._drop(worker, reason)

    def _drop(self, worker: WorkerProcess, reason: str) -> None:
        worker.kill(reason)
        self._size -= 1
        self._lanes[worker.utility].size -= 1

    def _exited(self, worker: WorkerProcess) -> None:
        """A process was reaped. One in a call is released by that call."""
        self._processes.pop(worker.pid, None)
        if worker in self._idle:
            self._discard(worker, "ended while idle")
            self._serve_queue()
        self._sweep()

    def _sweep(self) -> None:
        if kill_orphans(self._processes):
            asyncio.get_running_loop().call_later(0.05, self._sweep)

    def _keep_house(self) -> None:
        """End workers that were idle for too long, and what escaped from calls."""
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._limits.idle
        for worker in [worker for worker in self._idle if worker.idle_since < oldest]:
            self._discard(worker, "was idle")
        self._sweep()
        interval = min(5.0, self._limits.idle / 2 + 0.1)
        self._housekeeping = loop.call_later(interval, self._keep_house)

    def forget(self, utility: Utility) -> None:
        """End a utility's idle workers; its calls in flight finish, then their workers end."""
        lane = self._lanes.get(utility)
        if lane is None:
            return
        lane.retired = True
        for worker in list(lane.idle):
            self._discard(worker, "its utility was retired")

    def close(self) -> None:
        """Kill everything and wait for it to be gone. Blocks for the milliseconds it takes."""
        if self._housekeeping:
            self._housekeeping.cancel()
        for worker in self._processes.values():
            worker.kill("the server is ending")
        for worker in self._processes.values():
            worker.wait()
        self._processes.clear()
        while self._subreaper and kill_orphans(()):
            pass
        self._scratch.remove()
