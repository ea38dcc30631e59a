"""Jobs under way: several at once, fair between folders, each to its end whatever it meets."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from daemon.outputs import DiskFullError
from daemon.terminal import shown
from daemon.watch.database import LedgerError
from daemon.watch.display import Display
from daemon.watch.ending import clean_up, fail, finish
from daemon.watch.engine import Engine
from daemon.watch.gates import Gates
from daemon.watch.hot_folder import HotFolder
from daemon.watch.job import Job, State
from daemon.watch.means import Means
from daemon.watch.verdicts import Fate, as_sentence, may_become_good, pause, problem_of, verdict_of
from daemon.watch.work import AnotherError, work
from engine.errors import BshmError

_TICK = 2.0  # seconds; so often what `bshm retry` has changed is seen
_HALF_DONE = 10.0  # seconds until a bad picture that may be half a good one is tried again


class Pool:
    """Takes jobs from the ledger as long as run() runs. wake() is for any thread."""

    def __init__(self, means: Means, engine: Engine, display: Display, at_once: int) -> None:
        self._means, self._engine, self._display = means, engine, display
        self._at_once, self._settle = at_once, 0.0
        self._folders: dict[Path, HotFolder] = {}
        self._order: list[Path] = []
        self._unfinished: list[tuple[float, int]] = []  # jobs that are publishing, and when they may go on
        self._under_way: set[int] = set()
        self._gates = Gates()
        self._change = threading.Condition()
        self._stopping = threading.Event()
        self._without_engine = 0  # jobs under way that wait for the engine
        self.failed = 0  # pictures, since the start

    def serve(self, folders: Sequence[HotFolder], settle: float) -> None:
        """Jobs of these folders are done from now on; those under way end as they were begun. settle: seconds."""
        with self._change:
            self._settle = settle
            self._folders = {each.watch: each for each in folders}
            self._order = [each.watch for each in folders]
        self.wake()

    def resume(self) -> None:
        """Goes on with what a crash has broken off. Before run(), and after serve()."""
        for job in self._means.ledger.under_way():
            folder = self._folders.get(job.folder)
            if job.state is State.PUBLISHING and folder:
                self._unfinished.append((0.0, job.id))
                continue
            if job.state is State.PUBLISHING:
                self._finish_for_nobody(job)
                continue
            if folder:
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

    @property
    def left(self) -> int:
        """How many jobs wait or are worked on."""
        return self._means.ledger.waiting(self._folders) + len(self._under_way) + len(self._unfinished)

    def idle(self, tries: int) -> bool:
        """Whether nothing is left to do but what has failed as often as this already, what lies in folders that have to
        wait, and what waits for an engine that does not come."""
        with self._change:
            if self._engine.failures >= tries:
                return len(self._under_way) == self._without_engine
            if self._under_way:
                return False
            open_ = set(self._gates.open(self._order, time.time()))
            unfinished = (self._means.ledger.job(job) for _, job in self._unfinished)
            return not any(each.folder in open_ for each in unfinished) and not self._means.ledger.waiting(open_, tries)

    def run(self) -> None:
        """Until stop(): begins jobs as they come."""
        while not self._stopping.is_set():
            try:
                self._display.waits(self._waiting)
                begun = self._begin_one()
            except (LedgerError, DiskFullError) as error:
                self._display.warned(str(error), error)
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

    def _waiting(self) -> int:
        return self._means.ledger.waiting(self._folders)

    def _begin_one(self) -> bool:
        with self._change:
            if len(self._under_way) >= self._at_once:
                return False
            job = self._next(time.time())
            if job is None:
                return False
            folder = self._folders[job.folder]
            self._under_way.add(job.id)
            self._gates.begun(job.folder)
            self._order.remove(job.folder)
            self._order.append(job.folder)
        self._display.begun(job)
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
                due = min((each for each in (due, self._gates.next_try(now)) if each is not None), default=now + _TICK)
                if (seconds := min(due - now, _TICK)) > 0:
                    self._change.wait(seconds)
            else:
                self._change.wait(_TICK)

    def _attend(self, job: Job, folder: HotFolder) -> None:
        error: Exception | None = None
        is_news = True
        try:
            while not self._stopping.is_set():
                try:
                    error, is_news = self._tried(job, folder)
                    break
                except (LedgerError, DiskFullError) as trouble:  # not even that can be journalled
                    self._display.warned(str(trouble), trouble)
                    self._stopping.wait(pause(job.attempts))
                    job = self._means.ledger.job(job.id)
            ended = self._means.ledger.find(job.id) or job
            self._display.ended(ended if is_news else replace(ended, error=None), error)
            with self._change:
                self.failed += ended.state is State.FAILED
        except Exception as fault:  # noqa: BLE001  # the last line of defence: the job is done again at the next start
            self._display.warned(str(as_sentence(job, fault)), fault)
        finally:
            with self._change:
                self._under_way.discard(job.id)
                self._change.notify_all()

    def _tried(self, job: Job, folder: HotFolder) -> tuple[Exception | None, bool]:
        """Does the job, or journals why it goes on later: the error, and whether it is to be told of this job.

        Raises LedgerError and DiskFullError of the ledger.
        """
        try:
            is_publishing = job.state is State.PUBLISHING
            ended = finish(job, folder, self._means) if is_publishing else work(job, folder, self._means)
        except AnotherError as error:
            self._put_off(job, self._settle, stamp=error.stamp)
            self._ended(folder)
            return None, False
        except Exception as error:  # noqa: BLE001  # judged, told and journalled
            return error, self._judge(job, folder, error)
        if ended is None or not ended.outputs:  # nothing was written, which tells nothing of the folder
            self._ended(folder)
        elif self._passed(folder):
            self._display.said(f"{shown(folder.watch)}: goes on.")
        return None, True

    def _judge(self, job: Job, folder: HotFolder, error: Exception) -> bool:
        """Whether the error is to be told of this job, and not of all."""
        verdict = verdict_of(error, job.attempts)
        told = as_sentence(job, error)
        if self._means.ledger.job(job.id).state is State.PUBLISHING:
            self._later(job, folder, told)
            return False
        match verdict.fate:
            case Fate.FAIL if may_become_good(job, error):
                self._put_off(job, _HALF_DONE)
            case Fate.FAIL:
                return self._fail(job, folder, told)
            case Fate.LEFT:
                self._means.ledger.change(job.id, state=State.LEFT, present=False, ended=time.time())
            case Fate.ENGINE:
                self._means.ledger.change(job.id, error=problem_of(told))
                self._wait_for_engine()  # the job stays with this thread, so that no other takes it for the same end
                self._put_off(job, 0, attempts=job.attempts - 1)
                self._ended(folder)
                return False
            case Fate.FOLDER:
                self._put_off(job, 0, attempts=job.attempts - 1, error=problem_of(told))
                self._close(folder, told)
                return False
            case Fate.SETTLE:
                self._put_off(job, verdict.seconds)
            case Fate.AGAIN:
                self._put_off(job, verdict.seconds, error=problem_of(told))
        self._ended(folder)
        return True

    def _wait_for_engine(self) -> None:
        with self._change:
            self._without_engine += 1
        try:
            self._engine.wait(self._stopping)
        finally:
            with self._change:
                self._without_engine -= 1

    def _finish_for_nobody(self, job: Job) -> None:
        """A job whose folder is no longer in the config file."""
        try:
            finish(job, None, self._means)
        except (BshmError, OSError) as error:
            self._display.warned(f"{as_sentence(job, error)} It is tried again at the next start.", error)

    def _fail(self, job: Job, folder: HotFolder, error: BshmError) -> bool:
        try:
            fail(job, folder, error, self._means)
        except (BshmError, OSError) as second:
            told = as_sentence(job, second)
            if self._means.ledger.job(job.id).state is State.PUBLISHING:
                self._later(job, folder, told)
            else:
                self._put_off(job, 0, attempts=job.attempts - 1, error=problem_of(told))
                self._close(folder, told)
            return False
        self._ended(folder)
        return True

    def _put_off(self, job: Job, seconds: float, **columns: Any) -> None:
        self._means.ledger.change(job.id, state=State.WAITING, due=time.time() + seconds, **columns)

    def _later(self, job: Job, folder: HotFolder, error: BshmError) -> None:
        """A job whose results are whole, but do not all have their names, goes on when its folder does."""
        with self._change:
            self._unfinished.append((time.time() + min(pause(job.attempts), _TICK), job.id))
        self._close(folder, error)

    def _close(self, folder: HotFolder, error: BshmError) -> None:
        with self._change:
            is_news = self._gates.close(folder.watch, error.why or error.what, time.time())
        if is_news:
            self._display.warned(f"{error} Pictures of {shown(folder.watch)} wait until that is mended.", error)

    def _passed(self, folder: HotFolder) -> bool:
        with self._change:
            return self._gates.passed(folder.watch)

    def _ended(self, folder: HotFolder) -> None:
        with self._change:
            self._gates.ended(folder.watch)
