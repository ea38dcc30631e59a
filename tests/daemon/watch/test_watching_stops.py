"""`bshm watch` ends, by a signal or a crash, and goes on where it was; SIGHUP; one process alone."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.daemon.watch.pictures import picture
from tests.daemon.watch.watching import QUICK, Watching
from tests.engine.server.live import until

MANY = 9


def drop_many(watch: Watching) -> None:
    for number in range(MANY):
        watch.put(picture(number), f"{number}.jpg")


def results_there(watch: Watching) -> int:
    return len(list(watch.out.glob("*.report.json")))


def check_all_done_once(watch: Watching) -> None:
    """Each picture has one complete set of results, and nothing else lies anywhere."""
    jobs = watch.jobs()
    assert Counter((each["file"]["name"], each["state"]) for each in jobs) == {
        (f"{number}.jpg", "done"): 1 for number in range(MANY)
    }
    wanted = {path.name for number in range(MANY) for path in watch.results(str(number))}
    assert {each.name for each in watch.out.iterdir()} == wanted
    assert {each.name for each in (watch.home / "done").iterdir()} == {f"{number}.jpg" for number in range(MANY)}
    assert list(watch.dropped.iterdir()) == []


def test_killed_at_any_moment_it_goes_on(watch: Watching) -> None:
    watch.configure(QUICK, done=watch.home / "done")
    drop_many(watch)
    for done in (0, 1, 4):
        watch.start()
        if done:
            until(lambda done=done: results_there(watch) >= done)
        else:
            until(lambda: "waiting" in {each["state"] for each in watch.jobs()})
        watch.kill()
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(60) == 0
    check_all_done_once(watch)


def test_sigterm_in_the_middle_of_many_loses_nothing(watch: Watching) -> None:
    watch.configure(QUICK, done=watch.home / "done")
    drop_many(watch)
    watch.start()
    until(lambda: results_there(watch) >= 2)
    assert watch.stop() == 0
    assert 2 <= results_there(watch) < MANY
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(60) == 0
    check_all_done_once(watch)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_idle_it_ends_at_once(watch: Watching, number: int) -> None:
    watch.start()
    watch.until_said("Networks run")
    watch.signal(number)
    assert watch.process
    assert watch.process.wait(3) == 0
    assert "Traceback" not in watch.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_another_thread_was_given_is_heard(watch: Watching, number: int) -> None:
    """The kernel may give any thread a signal of the process, while one is started for instance (signal(7))."""
    watch.start()
    watch.until_said("Networks run")
    assert watch.process
    threads = {int(each.name) for each in Path(f"/proc/{watch.process.pid}/task").iterdir()}
    os.kill(max(threads - {watch.process.pid}), number)  # kill(2) takes a thread's number too, and prefers it then
    if number == signal.SIGTERM:
        assert watch.process.wait(5) == 0
    else:
        watch.until_said("The config file was read again", 5)


def test_a_second_one_is_refused(watch: Watching) -> None:
    watch.start()
    watch.until_said("Networks run")
    assert watch.process
    second = watch.run("watch")
    assert second.returncode != 0
    assert f"by process {watch.process.pid}".encode() in second.stderr
    photo = watch.put(picture(), "photo.jpg", watch.home / "elsewhere")
    asked = watch.run("watch", "--once", photo)
    assert asked.returncode == 0
    assert asked.stdout.splitlines() == [os.fsencode(each) for each in watch.results("photo")]


def test_sighup_adds_and_removes_folders_without_losing_a_picture(watch: Watching) -> None:
    done = watch.home / "done"
    other = {"watch": watch.home / "other", "output": watch.home / "out-other"}
    Path(str(other["watch"])).mkdir()
    watch.configure(QUICK, done=done)
    drop_many(watch)
    watch.start()
    until(lambda: results_there(watch) >= 1)

    watch.configure(QUICK, **other)  # in place of the first
    watch.signal(signal.SIGHUP)
    watch.until_said("The config file was read again")
    watch.put(picture(50), "a.jpg", Path(str(other["watch"])))
    watch.until(*watch.results("a", watch.home / "out-other"))
    assert results_there(watch) < MANY
    before = watch.log.count("read again")

    watch.configure(QUICK, other, done=done)
    watch.signal(signal.SIGHUP)
    until(lambda: watch.log.count("read again") > before)
    until(lambda: results_there(watch) == MANY)
    until(lambda: not list(watch.dropped.iterdir()))
    assert watch.stop() == 0
    assert {each["state"] for each in watch.jobs()} == {"done"}
    assert len(watch.jobs()) == MANY + 1
    assert len(list(watch.out.iterdir())) == 3 * MANY


def test_a_broken_config_leaves_things_as_they_are(watch: Watching) -> None:
    watch.start()
    watch.until_said("Networks run")
    good = watch.config.read_text(encoding="utf-8")
    for broken, word in (
        ("folders: [", "config.yaml"),
        (good + "colour: red\n", "colour"),
        ("folders:\n  - watch: /nonexistent/a\n    output: /nonexistent/a\n", "line 2"),
    ):
        said = watch.log.count("stay as they were")
        watch.config.write_text(broken, encoding="utf-8")
        watch.signal(signal.SIGHUP)
        until(lambda said=said: watch.log.count("stay as they were") > said)
        assert word in watch.log.splitlines()[-1]
    watch.config.unlink()
    said = watch.log.count("stay as they were")
    watch.signal(signal.SIGHUP)
    until(lambda: watch.log.count("stay as they were") > said)
    watch.put(picture(), "a.jpg")
    watch.until(*watch.results("a"))
    assert watch.stop() == 0


def test_a_changed_folder_is_served_as_it_is_now(watch: Watching) -> None:
    watch.start()
    watch.put(picture(), "a.jpg")
    watch.until(*watch.results("a"))
    watch.configure(QUICK, output=watch.home / "out2", want=["matte"], report=False)
    watch.signal(signal.SIGHUP)
    watch.until_said("The config file was read again")
    watch.put(picture(1), "b.jpg")
    watch.until(watch.home / "out2" / "b.matte.png")
    assert watch.stop() == 0
    assert [each.name for each in (watch.home / "out2").iterdir()] == ["b.matte.png"]


def test_signals_in_a_storm_of_drops_lose_nothing(watch: Watching) -> None:
    watch.configure(QUICK, done=watch.home / "done")
    watch.start()
    watch.until_said("Networks run")
    for number in range(MANY):
        watch.put(picture(number), f"{number}.jpg")
        watch.configure(QUICK.replace("0.2", f"0.{2 + number % 3}"), done=watch.home / "done")
        watch.signal(signal.SIGHUP)
    until(lambda: results_there(watch) == MANY)
    until(lambda: not list(watch.dropped.iterdir()))
    assert watch.stop() == 0
    check_all_done_once(watch)


def test_once_ends_where_results_cannot_be_written(watch: Watching) -> None:
    watch.configure(QUICK, output="/proc/bshm")
    watch.put(picture(), "a.jpg")
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(30) == 1
    assert "wait until that is mended" in watch.log
    (job,) = watch.jobs()
    assert job["state"] == "waiting"
    assert "/proc/bshm" in job["error"]["what"]


def test_a_second_ctrl_c_ends_at_once_and_loses_nothing(watch: Watching) -> None:
    watch.configure(QUICK.replace("fast", "best"), done=watch.home / "done")
    drop_many(watch)
    watch.start()
    until(lambda: "working" in {each["state"] for each in watch.jobs()})
    watch.signal(signal.SIGINT)
    watch.until_said("Stopping")
    watch.signal(signal.SIGINT)
    assert watch.process
    assert watch.process.wait(10) == 0
    watch.start("--once")
    assert watch.process.wait(60) == 0
    check_all_done_once(watch)


def test_a_photo_for_a_process_that_watches_other_folders_is_refused(watch: Watching) -> None:
    watch.start()
    watch.until_said("Watching")
    other = watch.home / "other.yaml"
    other.write_bytes(watch.config.read_bytes())
    photo = watch.home / "photo.jpg"
    photo.write_bytes(picture())
    ran = watch.run("--config", other, "watch", "--once", photo)
    assert ran.returncode == 3
    assert b"are watched already" in ran.stderr
    assert list(watch.dropped.iterdir()) == []
    ran = watch.run("watch", "--once", photo)
    assert ran.returncode == 0
    assert ran.stdout.decode().split() == [str(each) for each in watch.results("photo")]
