"""A worker process is kept where there is work, whatever happens to it; real processes, that load real networks."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from engine.settings import Settings
from engine.worker import keeper as module
from engine.worker.keeper import Keeper


class Kept:
    """A keeper that is ticked, and what it told."""

    def __init__(self) -> None:
        self.lost: list[tuple[str, str]] = []
        self.keeper = Keeper(Settings(threads=1), {}, lambda *_: None, lambda: None, lambda *how: self.lost.append(how))

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not what():
                self.keeper.tick()
                await asyncio.sleep(0.02)

    async def losses(self, number: int) -> None:
        await self.until(lambda: len(self.lost) == number)

    async def state(self, wanted: str) -> None:
        await self.until(lambda: self.keeper.state == wanted)


def run(story: Callable[[Kept], Coroutine[Any, Any, None]]) -> None:
    """Plays a story; no process may be left."""

    async def play() -> None:
        kept = Kept()
        try:
            await story(kept)
        finally:
            pid = kept.keeper.pid
            await kept.keeper.sleep()
        assert kept.keeper.pid is None
        assert pid is None or not Path(f"/proc/{pid}").exists()

    asyncio.run(play())


def test_it_is_started_and_let_go() -> None:
    async def story(kept: Kept) -> None:
        kept.keeper.wake()
        kept.keeper.wake()
        await kept.state("ready")
        assert "modnet" in kept.keeper.networks
        await kept.keeper.sleep()
        assert (kept.keeper.state, kept.keeper.networks, kept.lost) == ("asleep", (), [])
        kept.keeper.wake()
        await kept.state("ready")

    run(story)


def test_one_that_was_lost_is_started_again_at_once() -> None:
    async def story(kept: Kept) -> None:
        kept.keeper.wake()
        for number in range(1, 5):  # more often than a start may fail
            await kept.state("ready")
            kept.keeper.kill("was not wanted")
            await kept.losses(number)
        await kept.state("ready")
        assert set(kept.lost) == {("it was not wanted", "SIGKILL")}

    run(story)


def test_one_that_hangs_while_it_loads_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOADING", 5.0)

    async def story(kept: Kept) -> None:
        kept.keeper.wake()
        await kept.until(lambda: kept.keeper.pid)
        assert kept.keeper.pid
        os.kill(kept.keeper.pid, signal.SIGSTOP)
        await kept.until(lambda: kept.lost)
        assert kept.lost == [("it did not load its networks in 5 s", "SIGKILL")]
        await kept.state("ready")

    run(story)


def test_one_that_never_starts_is_broken_and_tried_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSES", (0.01, 0.01))
    monkeypatch.setattr(module, "_HEALING", (0.5,))

    async def story(kept: Kept) -> None:
        kept.keeper.wake()
        for number in range(1, 4):
            await kept.until(lambda: kept.keeper.pid)
            kept.keeper.kill("was not wanted")
            await kept.losses(number)
        assert kept.keeper.state == "broken"
        assert "does not start: it was not wanted" in str(kept.keeper.why)
        assert kept.keeper.progressing
        await kept.state("ready")
        assert kept.keeper.why is None

    run(story)


def test_a_process_that_cannot_be_begun_is_a_loss_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """No descriptor is left, as in a server that holds too many; then there are some again."""
    monkeypatch.setattr(module, "_PAUSES", (0.05, 0.05))
    monkeypatch.setattr(module, "_HEALING", (0.2,))
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def story(kept: Kept) -> None:
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # counted, not looked at
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))
        try:
            kept.keeper.wake()
            await kept.state("broken")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))
        assert {word for _, word in kept.lost} == {"not started"}
        assert "too many open files" in str(kept.keeper.why)
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
        await kept.state("ready")

    run(story)


def test_time_in_which_the_server_stood_still_too_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop that slept, a group that was frozen: the worker could say nothing, and is well."""

    async def story(kept: Kept) -> None:
        kept.keeper.wake()
        await kept.state("ready")
        kept.keeper.tick()
        kept.keeper._last_tick -= 3600
        kept.keeper.tick()
        await asyncio.sleep(0.1)
        assert kept.keeper.silent < 5
        assert kept.lost == []

    run(story)


def test_a_worker_that_falls_silent_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.health._SILENCE", 3.0)

    async def story(kept: Kept) -> None:
        kept.keeper.wake()
        await kept.state("ready")
        assert kept.keeper.pid
        os.kill(kept.keeper.pid, signal.SIGSTOP)
        await kept.until(lambda: kept.lost)
        assert kept.lost == [("it did not answer any more", "SIGKILL")]

    run(story)
