"""What `bshm watch` does where the disk is full and where it has no rights: it says so once, and goes on by itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from tests.daemon.watch.pictures import picture
from tests.daemon.watch.watching import Watching
from tests.engine.server.live import Live, until


@pytest.fixture
def humble() -> tuple[str, ...]:
    """What runs a command such that rights hold for it, also where root runs the tests."""
    if os.geteuid():
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("rights do not hold for root, and setpriv(1), which could mend that, is not there")
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


def times_said(watch: Watching, words: str) -> int:
    return sum(words in line for line in watch.log.splitlines())


def test_a_full_disk_is_said_once_and_then_it_goes_on(
    watch: Watching, small_disk: Callable[[Path], AbstractContextManager[None]]
) -> None:
    watch.out.mkdir()
    with small_disk(watch.out):
        subprocess.run(["mount", "-o", "remount,size=64k", str(watch.out)], check=True)
        ballast = watch.out / "ballast"
        ballast.write_bytes(bytes(65536))
        watch.start()
        for number in range(3):
            watch.put(picture(number), f"{number}.jpg")
        watch.until_said("disk is full")
        watch.put(picture(9), "later.jpg")
        until(lambda: len(watch.jobs()) == 4)
        assert {each["state"] for each in watch.jobs()} <= {"waiting", "working"}
        assert [each.name for each in watch.out.iterdir()] == ["ballast"]
        ballast.unlink()
        watch.until(*(path for base in ("0", "1", "2", "later") for path in watch.results(base)))
        assert watch.stop() == 0
        assert {each["state"] for each in watch.jobs()} == {"done"}
    assert times_said(watch, "disk is full") == 1
    assert times_said(watch, "goes on") == 1
    assert not watch.failed.exists()


def test_an_output_folder_without_rights_is_said_once_and_waited_for(watch: Watching, humble: tuple[str, ...]) -> None:
    watch.out.mkdir()
    watch.out.chmod(0o555)
    watch.start(before=humble)
    for number in range(3):
        watch.put(picture(number), f"{number}.jpg")
    watch.until_said("may not write there")
    watch.out.chmod(0o755)
    watch.until(*(path for number in range(3) for path in watch.results(str(number))))
    assert watch.stop() == 0
    assert times_said(watch, "may not write there") == 1
    assert times_said(watch, "goes on") == 1
    assert not watch.failed.exists()


def test_originals_that_cannot_be_taken_away_stay_and_are_done_once(watch: Watching, humble: tuple[str, ...]) -> None:
    """A hot folder that may be read alone: results come all the same, and what fails is said."""
    watch.configure("watch:\n  settle: 0.2\n  scan: 1\n", done=watch.home / "done")
    watch.put(picture(), "a.jpg")
    watch.put(b"bad", "bad.jpg")
    watch.dropped.chmod(0o555)
    try:
        watch.start(before=humble)
        watch.until(*watch.results("a"), watch.failed / "bad.jpg.error.txt")
        until(lambda: {each["state"] for each in watch.jobs()} == {"done", "failed"})
        looks = len(watch.jobs())
        watch.put(picture(2), "sentinel.jpg", watch.home / "aside")
        assert watch.stop() == 0
        watch.start("--once", before=humble)
        assert watch.process
        assert watch.process.wait(30) == 0
    finally:
        watch.dropped.chmod(0o755)
    assert len(watch.jobs()) == looks == 2
    assert sorted(each.name for each in watch.dropped.iterdir()) == ["a.jpg", "bad.jpg"]
    assert times_said(watch, "the original stays where it is") == 2


def test_folders_that_cannot_be_read_wait_and_nothing_is_concluded(watch: Watching, humble: tuple[str, ...]) -> None:
    closed = watch.put(picture(1), "closed/a.jpg").parent
    watch.start(before=humble)
    watch.until(*watch.results("closed/a"))

    closed.chmod(0)
    if os.geteuid():
        closed.chmod(0o300)  # whoever is not root needs that to put anything there
    watch.put(picture(2), "closed/b.jpg")
    watch.put(picture(3), "c.jpg")
    watch.until(*watch.results("c"))
    watch.until_said("closed: cannot be read: permission denied. What lies there has to wait")
    assert "in: cannot be read" not in watch.log
    closed.chmod(0o755)

    watch.dropped.chmod(0)
    watch.until_said("It is watched again when that is mended")
    watch.dropped.chmod(0o755)
    watch.until_said("is there again")
    watch.put(picture(4), "d.jpg")
    watch.until(*watch.results("closed/b"), *watch.results("d"))
    assert watch.stop() == 0
    assert sorted(each["file"]["name"] for each in watch.jobs()) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert {each["state"] for each in watch.jobs()} == {"done"}


def test_a_folder_that_becomes_unreadable_while_its_pictures_are_cut_out(
    watch: Watching, resident: Live, humble: tuple[str, ...]
) -> None:
    photo = watch.put(picture(1), "closed/a.jpg")
    resident.signal(signal.SIGSTOP)
    try:
        watch.start(before=humble)
        until(lambda: "working" in {each["state"] for each in watch.jobs()})
        photo.parent.chmod(0)
    finally:
        resident.signal(signal.SIGCONT)
    watch.until(*watch.results("closed/a"))
    watch.until_said("closed: cannot be read")
    photo.parent.chmod(0o755)
    watch.put(picture(2), "closed/b.jpg")
    watch.until(*watch.results("closed/b"))
    watch.put(picture(3), "c.jpg")
    watch.until(*watch.results("c"))
    assert watch.stop() == 0
    assert sorted(each["file"]["name"] for each in watch.jobs()) == ["a.jpg", "b.jpg", "c.jpg"]


def test_a_file_that_cannot_be_read_waits_alone(watch: Watching, humble: tuple[str, ...]) -> None:
    secret = watch.put(picture(1), "secret.jpg")
    secret.chmod(0)
    watch.start(before=humble)
    watch.put(picture(2), "other.jpg")
    watch.until(*watch.results("other"))
    watch.until_said("secret.jpg")
    secret.chmod(0o644)
    assert b"secret.jpg: is tried again now" in watch.run("retry").stdout
    watch.until(*watch.results("secret"))
    assert watch.stop() == 0
    assert not watch.failed.exists()


def test_a_folder_that_is_deleted_and_made_anew_is_watched_again(watch: Watching) -> None:
    watch.put(picture(1), "a.jpg")
    watch.put(picture(2), "sub/b.jpg")
    watch.start()
    watch.until(*watch.results("a"), *watch.results("sub/b"))
    shutil.rmtree(watch.dropped)
    watch.until_said("It is watched again when that is mended")
    watch.put(picture(3), "sub/c.jpg")
    watch.until(*watch.results("sub/c"))
    watch.put(picture(1), "a.jpg")
    watch.until(*watch.results("a-2"))
    assert watch.stop() == 0


def test_a_hot_folder_that_is_renamed_and_named_back(watch: Watching) -> None:
    watch.configure("watch:\n  settle: 0.2\n  scan: 3600\n")
    watch.put(picture(1), "sub/a.jpg")
    watch.start()
    watch.until(*watch.results("sub/a"))
    aside = watch.dropped.rename(watch.home / "aside")
    watch.until_said("It is watched again when that is mended")
    aside.rename(watch.dropped)
    watch.put(picture(2), "sub/b.jpg")
    watch.until(*watch.results("sub/b"))
    assert watch.stop() == 0
    assert sorted(each["file"]["name"] for each in watch.jobs()) == ["a.jpg", "b.jpg"]


def test_folders_that_are_written_to_may_be_deleted(watch: Watching) -> None:
    watch.configure("watch:\n  settle: 0.2\n", done=watch.home / "done")
    watch.start()
    for number in range(2):
        watch.put(picture(number), f"sub/{number}.jpg")
        watch.put(b"bad", f"sub/bad{number}.jpg")
        watch.until(*watch.results(f"sub/{number}"), watch.failed / f"sub/bad{number}.jpg")
        watch.until(watch.home / f"done/sub/{number}.jpg")
        for each in (watch.out, watch.failed, watch.home / "done"):
            shutil.rmtree(each)
    assert watch.stop() == 0


def test_a_full_disk_below_the_ledger_loses_nothing(
    watch: Watching, small_disk: Callable[[Path], AbstractContextManager[None]]
) -> None:
    state = watch.home / "state"
    state.mkdir()
    with small_disk(state):
        subprocess.run(["mount", "-o", "remount,size=400k", str(state)], check=True)
        watch.start()
        watch.put(picture(), "first.jpg")
        watch.until(*watch.results("first"))
        ballast = state / "ballast"
        with ballast.open("wb", buffering=0) as stream, suppress(OSError):
            while stream.write(bytes(4096)):
                pass
        for number in range(3):
            watch.put(picture(number), f"{number}.jpg")
        watch.until_said("the disk is full")
        ballast.unlink()
        watch.until(*(path for number in range(3) for path in watch.results(str(number))))
        assert watch.stop() == 0
        assert Counter((each["file"]["name"], each["state"]) for each in watch.jobs()) == {
            (f"{name}.jpg", "done"): 1 for name in ("first", *range(3))
        }
    assert len(list(watch.out.iterdir())) == 4 * 3
    assert "Traceback" not in watch.log
