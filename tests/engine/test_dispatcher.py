"""The dispatcher with a real worker process: who goes when, and what a lost worker costs."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import psutil
import pytest
from PIL import Image

from engine.dispatcher import Dispatcher
from engine.errors import (
    BshmError,
    BusyError,
    CancelledError,
    CrashError,
    DeadlineError,
    NetworkError,
    NotAPictureError,
)
from engine.jobs import Job
from engine.queue import Priority
from engine.settings import Queue, Resident, Settings
from engine.shared import Shared
from engine.types import Options
from engine.worker.order import Order, Span

Ends = list[tuple[str, str]]
SETTINGS = Settings(threads=1)


def order(data: bytes, name: str, *, urgent: bool = False) -> Order:
    return Order(name, Span(0, len(data)), None, ("matte",), "png", 8, "white", Options(quality="fast"), urgent)


@pytest.fixture(scope="module")
def nobody() -> bytes:
    """A picture in which nobody is."""
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (90, 120, 150)).save(file, "PNG")
    return file.getvalue()


class Desk:
    """What the HTTP side does with the dispatcher, without HTTP."""

    def __init__(self, dispatcher: Dispatcher, ends: Ends) -> None:
        self.dispatcher, self.ends = dispatcher, ends

    def send(self, data: bytes, name: str, priority: Priority = "batch", deadline: float | None = None) -> Job:
        job = self.dispatcher.open(name, priority, deadline)
        self.dispatcher.jobs.reserve(job, len(data))
        body = Shared()
        body.append(data)
        self.dispatcher.enter(job, order(data, name, urgent=priority == "interactive"), body)
        return job

    async def report(self, job: Job) -> dict[str, Any]:
        results = await job.answer
        report: dict[str, Any] = json.loads(results.shared.read(*results.parts[0][2:4]))
        return report

    async def refusal(self, job: Job) -> BshmError:
        with pytest.raises(BshmError) as refused:
            await job.answer
        return refused.value

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not what():
                await asyncio.sleep(0.005)

    async def ready(self) -> int:
        await self.until(lambda: self.dispatcher.keeper.state == "ready")
        assert self.dispatcher.keeper.pid
        return self.dispatcher.keeper.pid

    async def kill(self, job: Job, number: int = signal.SIGKILL) -> None:
        """Ends the worker while it works on the job."""
        await self.until(lambda: job.state == "running" and self.dispatcher.keeper.state == "ready" and job.progress)
        assert self.dispatcher.keeper.pid
        os.kill(self.dispatcher.keeper.pid, number)
        await self.until(lambda: job.state != "running")


def run(story: Callable[[Desk], Coroutine[Any, Any, None]], settings: Settings = SETTINGS) -> Ends:
    """Plays a story in a fresh dispatcher; gives the ends of its jobs, in their order. Nothing may be left."""

    async def play() -> Ends:
        ends: Ends = []
        words: list[str] = []
        dispatcher = Dispatcher(settings, {}, lambda job, _: ends.append((job.name, job.state)), words.append)
        desk = Desk(dispatcher, ends)
        try:
            await story(desk)
        finally:
            await dispatcher.stop(5)
            for job in list(dispatcher.jobs._jobs.values()):
                dispatcher.close(job)
        assert dispatcher.keeper.pid is None
        assert len(words) == dispatcher.keeper.restarts
        assert (dispatcher.jobs.bounds.pictures, dispatcher.jobs.bounds.bytes) == (0, 0)
        return ends

    return asyncio.run(play())


def test_pictures_are_worked_on_and_people_go_first(astronaut: bytes) -> None:
    async def story(desk: Desk) -> None:
        jobs = [desk.send(astronaut, f"batch-{number}") for number in range(6)]
        await desk.until(lambda: desk.ends)
        person = desk.send(astronaut, "person", "interactive")
        assert (await desk.report(person))["people"]
        assert sum(job.state == "done" for job in jobs) < 6
        for job in jobs:
            await desk.report(job)

    ends = run(story)
    assert len(ends) == 7
    assert {state for _, state in ends} == {"done"}


def test_a_picture_that_is_none_is_refused_and_the_next_goes_on(astronaut: bytes) -> None:
    async def story(desk: Desk) -> None:
        refused, done = desk.send(b"no picture", "a.txt"), desk.send(astronaut, "a.jpg")
        assert isinstance(error := await desk.refusal(refused), NotAPictureError)
        assert "a.txt: not a picture" in str(error)
        await desk.report(done)

    assert sorted(run(story)) == [("a.jpg", "done"), ("a.txt", "failed")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_lost_worker_costs_a_retry_which_the_report_tells(astronaut: bytes, number: int) -> None:
    async def story(desk: Desk) -> None:
        job = desk.send(astronaut, "a.jpg")
        await desk.kill(job, number)
        (step,) = (await desk.report(job))["steps"]
        assert step.startswith("Tried again, alone: the process that ran the networks had ended over it")
        assert signal.Signals(number).name in step
        assert desk.dispatcher.keeper.restarts == 1

    assert run(story) == [("a.jpg", "done")]


def test_who_loses_its_worker_alone_too_is_refused_and_those_beside_it_are_not(astronaut: bytes) -> None:
    async def story(desk: Desk) -> None:
        guilty = desk.send(astronaut, "guilty")
        beside = desk.send(astronaut, "beside")
        later = desk.send(astronaut, "later")
        await desk.kill(guilty)
        await desk.kill(guilty)
        error = await desk.refusal(guilty)
        assert isinstance(error, CrashError)
        assert "ended over it twice; it was ended by SIGKILL" in str(error)
        assert (await desk.report(beside))["steps"]
        await desk.report(later)
        assert desk.dispatcher.keeper.restarts == 2

    assert dict(run(story)) == {"guilty": "failed", "beside": "done", "later": "done"}


def test_a_worker_that_hangs_past_the_deadline_costs_the_same(astronaut: bytes) -> None:
    """SIGSTOP: nothing in it moves any more."""

    async def story(desk: Desk) -> None:
        job = desk.send(astronaut, "a.jpg")
        await desk.until(lambda: job.stage == "people")
        assert desk.dispatcher.keeper.pid
        os.kill(desk.dispatcher.keeper.pid, signal.SIGSTOP)
        assert "it took more than 3 s" in (await desk.report(job))["steps"][0]

    run(story, replace(SETTINGS, engine=Resident(deadline=3)))


def test_a_picture_that_is_late_twice_is_given_up(astronaut: bytes) -> None:
    async def story(desk: Desk) -> None:
        error = await desk.refusal(desk.send(astronaut, "a.jpg"))
        assert isinstance(error, DeadlineError)
        assert "it took more than 0.05 s, twice" in str(error)

    run(story, replace(SETTINGS, engine=Resident(deadline=0.05)))


def test_the_clients_own_deadline_counts_the_waiting(astronaut: bytes) -> None:
    async def story(desk: Desk) -> None:
        started = time.monotonic()
        error = await desk.refusal(desk.send(astronaut, "a.jpg", deadline=0.1))
        assert isinstance(error, DeadlineError)
        assert time.monotonic() - started < 1
        await desk.ready()
        assert desk.dispatcher.keeper.restarts == 0

    run(story)


def test_an_id_that_comes_again_at_once_gets_its_own_results(astronaut: bytes, nobody: bytes) -> None:
    async def story(desk: Desk) -> None:
        first = desk.send(astronaut, "same")
        await desk.until(lambda: first.stage == "matte")
        desk.dispatcher.close(first)
        second = desk.send(nobody, "same")
        assert (await desk.report(second))["people"] == []

    assert run(story) == [("same", "cancelled"), ("same", "done")]


def test_who_is_cancelled_is_gone_whether_it_waits_or_is_under_way(astronaut: bytes) -> None:
    async def story(desk: Desk) -> None:
        jobs = [desk.send(astronaut, str(number)) for number in range(5)]
        await desk.until(lambda: jobs[0].progress)
        assert jobs[4].state == "queued"
        for each in (jobs[0], jobs[4]):
            desk.dispatcher.cancel(each)
            assert isinstance(await desk.refusal(each), CancelledError)
        for each in jobs[1:4]:
            await desk.report(each)
        assert desk.dispatcher.keeper.restarts == 0

    assert sorted(run(story)) == [(str(n), "cancelled" if n in (0, 4) else "done") for n in range(5)]


def test_networks_leave_the_memory_after_a_while_and_come_back_on_demand(astronaut: bytes) -> None:
    async def story(desk: Desk) -> None:
        desk.dispatcher.start()
        pid = await desk.ready()
        await desk.until(lambda: desk.dispatcher.keeper.state == "asleep")
        assert not psutil.pid_exists(pid)
        assert desk.dispatcher.keeper.progressing
        await desk.report(desk.send(astronaut, "a.jpg"))
        assert desk.dispatcher.keeper.restarts == 0

    run(story, replace(SETTINGS, engine=Resident(idle_unload=0.3 / 60)))


def test_a_stop_finishes_what_is_under_way_and_refuses_the_rest(astronaut: bytes) -> None:
    async def story(desk: Desk) -> None:
        jobs = [desk.send(astronaut, str(number)) for number in range(5)]
        await desk.until(lambda: jobs[0].progress)
        await desk.dispatcher.stop(30)
        assert [job.state for job in jobs] == ["done"] * 3 + ["failed"] * 2
        assert isinstance(await desk.refusal(jobs[3]), BusyError)
        with pytest.raises(BusyError, match="the engine is stopping"):
            desk.send(astronaut, "late")

    run(story)


def test_a_stop_waits_only_so_long(astronaut: bytes) -> None:
    async def story(desk: Desk) -> None:
        job = desk.send(astronaut, "a.jpg")
        await desk.until(lambda: job.progress)
        started = time.monotonic()
        await desk.dispatcher.stop(0)
        assert time.monotonic() - started < 3
        assert isinstance(await desk.refusal(job), BusyError)

    run(story)


def test_new_settings_hold_from_the_next_picture_on(astronaut: bytes) -> None:
    async def story(desk: Desk) -> None:
        first = desk.send(astronaut, "first")
        await desk.until(lambda: first.progress)
        pid = desk.dispatcher.keeper.pid
        desk.dispatcher.reload(replace(SETTINGS, threads=2, queue=Queue(pictures=2)))
        second = desk.send(astronaut, "second")
        with pytest.raises(BusyError):
            desk.send(astronaut, "third")
        assert (await desk.report(first))["device"] == "CPU, 1 thread"
        assert (await desk.report(second))["device"] == "CPU, 2 threads"
        assert desk.dispatcher.keeper.pid != pid

    run(story)


def test_networks_that_cannot_be_loaded_refuse_every_picture_in_a_sentence(
    astronaut: bytes, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    async def story(desk: Desk) -> None:
        error = await desk.refusal(desk.send(astronaut, "a.jpg"))
        assert isinstance(error, NetworkError)
        assert "the network is not installed" in str(error)
        assert desk.dispatcher.keeper.state == "broken"

    run(story)
