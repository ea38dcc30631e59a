"""`bshm watch` and the resident engine: found, started, waited for, lost and busy."""

from __future__ import annotations

import signal
import socket
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest

from tests.daemon.watch.pictures import picture
from tests.daemon.watch.watching import QUICK, Watching, watching
from tests.engine.server.live import Live, live, until

WAITS = f"{QUICK}  start_engine: false\n"


def done(watch: Watching) -> dict[str, int]:
    return Counter(each["file"]["name"] for each in watch.jobs() if each["state"] == "done")


def engines_of(watch: Watching) -> list[psutil.Process]:
    assert watch.process
    return [
        each
        for each in psutil.Process(watch.process.pid).children()
        if each.is_running() and "engine" in each.cmdline()
    ]


@pytest.fixture
def own() -> Iterator[Live]:
    """An engine of this test alone, not started yet."""
    with live("quality: fast\n", start=False) as one:
        yield one


def test_it_starts_an_engine_where_none_runs_and_ends_it_with_itself() -> None:
    with watching() as watch:
        watch.configure(QUICK)
        watch.put(picture(), "a.jpg")
        watch.start()
        watch.until(*watch.results("a"))
        (engine,) = engines_of(watch)
        assert f"pid {engine.pid}" in watch.log

        engine.kill()  # in the middle of the next pictures, or between
        for number in range(4):
            watch.put(picture(number), f"{number}.jpg")
        watch.until(*(path for number in range(4) for path in watch.results(str(number))))
        (second,) = engines_of(watch)
        assert watch.stop() == 0
        assert not second.is_running()
        assert done(watch) == {f"{name}.jpg": 1 for name in ("a", *range(4))}


def test_somebody_elses_engine_runs_on(watch: Watching, resident: Live) -> None:
    watch.put(picture(), "a.jpg")
    watch.start()
    watch.until(*watch.results("a"))
    assert engines_of(watch) == []
    assert watch.stop() == 0
    assert resident.process.poll() is None
    assert resident.get("/readyz").status_code == 200


def test_pictures_wait_for_an_engine_that_is_not_started_and_one_that_is_lost(own: Live) -> None:
    with watching(BSHM_SOCKET=str(own.address)) as watch:
        watch.configure(WAITS)
        for number in range(8):
            watch.put(picture(number), f"{number}.jpg")
        watch.start()
        watch.until_said("Pictures wait")
        assert [each["state"] for each in watch.jobs() if each["state"] == "done"] == []
        own.start()
        until(lambda: len(list(watch.out.glob("*.report.json"))) >= 2)
        assert watch.log.count("Pictures wait") == 1

        own.process.kill()
        own.process.wait()
        watch.put(picture(8), "8.jpg")
        own.start()
        watch.until(*(path for number in range(9) for path in watch.results(str(number))))
        assert watch.stop() == 0
        assert done(watch) == {f"{number}.jpg": 1 for number in range(9)}
        assert not watch.failed.exists()
        assert len(list(watch.out.iterdir())) == 27
        assert watch.log.count("Pictures wait") == 1  # it was back soon: nothing to worry anybody with


def test_an_engine_that_stops_in_good_order_loses_no_picture(own: Live) -> None:
    own.start()
    with watching(BSHM_SOCKET=str(own.address)) as watch:
        watch.configure(WAITS)
        for number in range(6):
            watch.put(picture(number), f"{number}.jpg")
        watch.start()
        until(lambda: watch.out.exists() and any(watch.out.glob("*.report.json")))
        own.signal(signal.SIGTERM)
        own.process.wait(30)
        own.start()
        watch.until(*(path for number in range(6) for path in watch.results(str(number))))
        assert watch.stop() == 0
        assert done(watch) == {f"{number}.jpg": 1 for number in range(6)}
        assert not watch.failed.exists()


def test_a_busy_engine_is_asked_again() -> None:
    with (
        live("quality: fast\nqueue:\n  pictures: 1\n") as engine,
        watching(BSHM_SOCKET=str(engine.address)) as watch,
    ):
        watch.configure(WAITS)
        for number in range(5):
            watch.put(picture(number), f"{number}.jpg")
        watch.start("--once")
        assert watch.process
        assert watch.process.wait(60) == 0
        assert done(watch) == {f"{number}.jpg": 1 for number in range(5)}
        assert {each["attempts"] for each in watch.jobs()} == {1}
        assert "waits for another try" not in watch.log


def test_an_engine_that_cannot_be_started_is_said_once_and_tried_again() -> None:
    with watching() as watch, socket.create_server(("127.0.0.1", 0)) as taken:
        watch.configure(f"{QUICK}engine:\n  port: {taken.getsockname()[1]}\n")
        watch.put(picture(), "a.jpg")
        watch.start()
        watch.until_said("Pictures wait until it is back")
        (said,) = (each for each in watch.log.splitlines() if "Pictures wait" in each)
        assert "The engine could not be started: " in said
        assert str(taken.getsockname()[1]) in said
        taken.close()
        watch.until(*watch.results("a"))
        assert watch.stop() == 0
        assert watch.log.count("Pictures wait") == 1
        assert "Traceback" not in watch.log


def test_an_engine_that_a_killed_watcher_left_is_taken_over_and_ended() -> None:
    with watching() as watch:
        watch.configure(QUICK)
        watch.start()
        watch.until_said("Networks run")
        (engine,) = engines_of(watch)
        watch.kill()
        assert engine.is_running()
        watch.put(picture(), "a.jpg")
        watch.start()
        watch.until(*watch.results("a"))
        assert engines_of(watch) == []
        assert watch.stop() == 0
        until(lambda: not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE)


def test_once_ends_without_an_engine() -> None:
    with watching() as watch:
        watch.configure(WAITS)
        watch.put(picture(), "a.jpg")
        watch.start("--once")
        assert watch.process
        assert watch.process.wait(30) == 1
        assert "Waiting for the next start: 1." in watch.log
        (job,) = watch.jobs()
        assert job["state"] == "waiting"
        assert "no engine is running" in job["error"]["what"]
