"""Jobs under way: several at once, fair between folders, each to its end whatever it meets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.log import log_failure
from daemon.outputs import DiskFullError
from daemon.terminal import shown
from daemon.watch.engine import Engine
from daemon.watch.gates import Gates
from daemon.watch.hot_folder import HotFolder
from daemon.watch.job import Job, Problem, State
from daemon.watch.ledger import LedgerError
from daemon.watch.settle import Open, writer_of
from daemon.watch.verdicts import Fate, pause, verdict_of
from daemon.watch.work import AnotherError, Means, clean_up, fail, finish, work
from engine.errors import BshmError, FaultError, PictureError

_TICK = 2.0  # seconds; so often what `bshm retry` has changed is seen
_YOUNG = 10.0  # seconds in which a bad picture may still become a good one, where nobody can say whether it is written


@dataclass(frozen=True)
class Told:
    """Whom the pool tells what happens; called from any thread. begun: a path that is worked on. ended: a job, as it
    stands in the ledger. said: a sentence about more than one picture."""

    begun: Callable[[Path], None]
    ended: Callable[[Job], None]
    said: Callable[[str], None]


class Pool:
    """Takes jobs from the ledger as long as run() runs. wake() is for any thread."""

    def __init__(self, means: Means, engine: Engine, told: Told, at_once: int, settle: float) -> None:
        self._means, self._engine, self._told = means, engine, told
        self._at_once, self._settle = at_once, settle
        self._folders: dict[Path, HotFolder] = {}
        self._order: list[Path] = []
        self._unfinished: list[tuple[float, int]] = []  # jobs that are publishing, and when they may go on
        self._under_way: dict[int, Path] = {}
        self._gates = Gates()
        self._change = threading.Condition()
        self._stopping = threading.Event()

    def serve(self, folders: Sequence[HotFolder]) -> None:
        """Jobs of these folders are done from now on; those under way end as they were begun."""
        with self._change:
            self._folders = {each.watch: each for each in folders}
            self._order = [each.watch for each in folders]
        self.wake()

    def resume(self) -> None:
        """Goes on with what a crash has broken off. Before run(), and after serve()."""
        for job in self._means.ledger.under_way():
            if job.state is State.PUBLISHING:
                self._unfinished.append((0.0, job.id))
                continue
            if folder := self._folders.get(job.folder):
                clean_up(job, folder, self._means)
            self._means.ledger.change(job.id, state=State.WAITING)

    def wake(self) -> None:
        """There may be something to do."""
        with self._change:
            self._change.notify_all()

    @property
    def under_way(self) -> int:
        """How many jobs are worked on."""
        return len(self._under_way)

    def idle(self, tries: int) -> bool:
        """Whether nothing is left to do but what has failed as often as this already."""
        with self._change:
            if self._under_way or self._unfinished:
                return False
            waiting = self._means.ledger.jobs(State.WAITING)
            return all(each.attempts >= tries for each in waiting if each.folder in self._folders)

    def run(self) -> None:
        """Until stop(): begins jobs as they come."""
        while not self._stopping.is_set():
            try:
                begun = self._begin_one()
            except (LedgerError, DiskFullError) as error:
                self._told.said(str(error))
                self._stopping.wait(_TICK)
                continue
            if not begun:
                self._rest()

    def stop(self) -> None:
        """No more are begun."""
        self._stopping.set()
        self.wake()

    def wait(self, seconds: float) -> None:
        """Until what was under way has ended, this long at most; what remains is done again at the next start."""
        end = time.monotonic() + seconds
        with self._change:
            while self._under_way and (left := end - time.monotonic()) > 0:
                self._change.wait(left)

    def _begin_one(self) -> bool:
        with self._change:
            if len(self._under_way) >= self._at_once:
                return False
            job = self._next(time.time())
            if job is None:
                return False
            folder = self._folders[job.folder]
            self._under_way[job.id] = job.path
            self._gates.begun(job.folder)
            self._order.remove(job.folder)
            self._order.append(job.folder)
        self._told.begun(job.path)
        threading.Thread(target=self._attend, args=(job, folder), daemon=True).start()
        return True

    def _next(self, now: float) -> Job | None:
        for each in sorted(self._unfinished):
            due, number = each
            job = self._means.ledger.job(number)
            if due <= now and job.folder in self._folders:
                self._unfinished.remove(each)
                return job
        return self._means.ledger.take(self._gates.open(self._order, now), now)

    def _rest(self) -> None:
        """Until something may be due, or somebody wakes."""
        with self._change:
            if len(self._under_way) < self._at_once:
                now = time.time()
                due = self._means.ledger.next_due(self._gates.open(self._order, now))
                due = min((each for each in (due, self._gates.next_try()) if each is not None), default=now + _TICK)
                if (seconds := min(due - now, _TICK)) > 0:
                    self._change.wait(seconds)
            else:
                self._change.wait(_TICK)

    def _attend(self, job: Job, folder: HotFolder) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    ended = self._done(job, folder)
                    break
                except (LedgerError, DiskFullError) as error:  # not even that can be journalled
                    self._told.said(str(error))
                    self._stopping.wait(pause(job.attempts))
                    job = self._means.ledger.job(job.id)
            else:
                return
            if ended is not None:
                self._told.ended(ended)
        except Exception as error:  # noqa: BLE001  # the last line of defence: the job is done again at the next start
            where = log_failure(shown(job.path))
            self._told.said(f"{shown(job.path)}: a fault of this program, {type(error).__name__}; {where}.")
        finally:
            with self._change:
                self._under_way.pop(job.id, None)
                self._change.notify_all()

    def _done(self, job: Job, folder: HotFolder) -> Job | None:
        """The job as it ended; None where it goes on later. Raises LedgerError and DiskFullError of the ledger."""
        try:
            ended = (
                finish(job, folder, self._means) if job.state is State.PUBLISHING else work(job, folder, self._means)
            )
        except AnotherError as error:
            later = time.time() + self._settle
            self._means.ledger.change(job.id, state=State.WAITING, stamp=error.stamp, due=later)
            self._ended(folder)
            return None
        except Exception as error:  # noqa: BLE001  # judged, told and journalled
            return self._judged(job, folder, error)
        if ended is not None and self._passed(folder):
            self._told.said(f"{shown(folder.watch)}: goes on.")
        return ended

    def _judged(self, job: Job, folder: HotFolder, error: Exception) -> Job | None:
        ledger, now = self._means.ledger, time.time()
        verdict = verdict_of(error, job.attempts)
        told = _told(job, error)
        if ledger.job(job.id).state is State.PUBLISHING:
            return self._later(job, folder, told, now)
        match verdict.fate:
            case Fate.FAIL if _may_become_good(job, error, now):
                ledger.change(job.id, state=State.WAITING, due=now + _YOUNG)
            case Fate.FAIL:
                return self._failed(job, folder, told)
            case Fate.LEFT:
                ledger.change(job.id, state=State.LEFT, present=False, ended=now)
            case Fate.ENGINE:
                ledger.change(job.id, state=State.WAITING, attempts=job.attempts - 1)
                self._engine.wait(self._stopping)
            case Fate.FOLDER:
                ledger.change(job.id, state=State.WAITING, attempts=job.attempts - 1, error=_problem(told))
                return self._closed(folder, told, now)
            case Fate.AGAIN | Fate.SETTLE:
                ledger.change(job.id, state=State.WAITING, due=now + verdict.seconds, error=_problem(told))
                if job.error != _problem(told) and verdict.fate is Fate.AGAIN:
                    self._told.said(f"{told} It is tried again.")
        self._ended(folder)
        return None

    def _failed(self, job: Job, folder: HotFolder, error: BshmError) -> Job | None:
        try:
            ended = fail(job, folder, error, self._means)
        except (BshmError, OSError) as second:
            told = _told(job, second)
            if self._means.ledger.job(job.id).state is State.PUBLISHING:
                return self._later(job, folder, told, time.time())
            self._means.ledger.change(job.id, state=State.WAITING, attempts=job.attempts - 1, error=_problem(told))
            return self._closed(folder, told, time.time())
        self._ended(folder)
        return ended

    def _later(self, job: Job, folder: HotFolder, error: BshmError, now: float) -> None:
        """A job whose results are whole, but do not all have their names, goes on when its folder does."""
        with self._change:
            self._unfinished.append((now + min(pause(job.attempts), _TICK), job.id))
        self._closed(folder, error, now)

    def _closed(self, folder: HotFolder, error: BshmError, now: float) -> None:
        with self._change:
            told = self._gates.close(folder.watch, error.why or error.what, now)
        if told:
            self._told.said(f"{error} Pictures of {shown(folder.watch)} wait until that is mended.")

    def _passed(self, folder: HotFolder) -> bool:
        with self._change:
            return self._gates.passed(folder.watch)

    def _ended(self, folder: HotFolder) -> None:
        with self._change:
            self._gates.ended(folder.watch)


def _told(job: Job, error: Exception) -> BshmError:
    """The error as a sentence; what has a cause, or is unforeseen, goes into the log."""
    name = shown(job.path)
    if isinstance(error, BshmError):
        if error.__cause__:
            log_failure(name)
        return error
    if isinstance(error, OSError):
        return BshmError(f"{name}: cannot be read or put away", error.strerror or str(error))
    why = f"a fault of this program, {type(error).__name__}; {log_failure(name)}"
    return FaultError(f"{name}: not cut out", why, "Please report it")


def _problem(error: BshmError) -> Problem:
    return Problem(error.what, error.why, error.remedy)


def _may_become_good(job: Job, error: Exception, now: float) -> bool:
    """On shares nobody can say whether a file is still written; then a bad one that is young may be half a good one."""
    if not isinstance(error, PictureError) or now - job.stamp.mtime / 1e9 > _YOUNG:
        return False
    return writer_of(job.path) is Open.UNKNOWN
