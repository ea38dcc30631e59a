"""What is remembered of jobs, and what is not."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import suppress

from engine.errors import CancelledError, NotAPictureError
from engine.jobs import Jobs, Results
from engine.settings import Queue


class Held:
    """What a request's frames hold."""


def test_the_error_of_a_closed_job_is_remembered_and_its_frames_are_not() -> None:
    """Else a thousand refusals keep some 30 MB."""
    left: list[weakref.ref[Held]] = []

    def wait(answer: asyncio.Future[Results]) -> None:
        held = Held()
        left.append(weakref.ref(held))
        answer.result()

    async def story() -> None:
        jobs = Jobs(Queue())
        job = jobs.open("a", "batch")
        job.answer.set_exception(NotAPictureError("a.jpg: empty"))
        with suppress(NotAPictureError):
            wait(job.answer)
        job.end("failed")
        jobs.close(job)
        gc.collect()
        assert left[0]() is None
        assert jobs.find("a") is job
        assert str(job.answer.exception()) == "a.jpg: empty."

    asyncio.run(story())


def test_results_take_room_until_the_job_is_closed() -> None:
    async def story() -> None:
        jobs = Jobs(Queue())
        job = jobs.open("a", "batch")
        jobs.reserve(job, 100)
        jobs.add(job, 5_000_000_000)
        assert jobs.bounds.bytes == 5_000_000_100
        job.answer.set_exception(CancelledError("a: cancelled"))
        jobs.close(job)
        assert (jobs.bounds.pictures, jobs.bounds.bytes) == (0, 0)

    asyncio.run(story())
