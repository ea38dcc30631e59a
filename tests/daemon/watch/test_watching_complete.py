"""When `bshm watch` takes a file, and when not yet: however it comes into the hot folder, it is done once and whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

from tests.daemon.watch.pictures import picture
from tests.daemon.watch.watching import Watching
from tests.engine.server.live import until


def ends(watch: Watching) -> Counter[tuple[str, str]]:
    return Counter((each["file"]["name"], each["state"]) for each in watch.jobs())


def test_files_that_are_being_written_wait(watch: Watching) -> None:
    """By a program that keeps them open and pauses longer than the time to settle; by browsers, under two names."""
    whole = picture(size=640)
    third = len(whole) // 3
    watch.start()
    watch.until_said("Networks run")
    (watch.dropped / "firefox.jpg").touch()
    with (
        (watch.dropped / "slow.jpg").open("wb", buffering=0) as slow,
        (watch.dropped / "chrome.jpg.crdownload").open("wb", buffering=0) as chrome,
        (watch.dropped / "firefox.Xy12AbCd.jpg.part").open("wb", buffering=0) as firefox,
        (watch.dropped / "renamed.jpg.part").open("wb", buffering=0) as renamed,
    ):
        for piece in (whole[:third], whole[third : 2 * third], whole[2 * third :]):
            for stream in (slow, chrome, firefox, renamed):
                stream.write(piece)
            time.sleep(0.7)
        assert watch.jobs() == []
    for part, name in (
        ("chrome.jpg.crdownload", "chrome.jpg"),
        ("firefox.Xy12AbCd.jpg.part", "firefox.jpg"),
        ("renamed.jpg.part", "renamed.jpg"),
    ):
        (watch.dropped / part).rename(watch.dropped / name)
    names = ("slow", "chrome", "firefox", "renamed")
    watch.until(*(path for name in names for path in watch.results(name)))
    assert watch.stop() == 0
    assert ends(watch) == {(f"{name}.jpg", "done"): 1 for name in names}
    assert {each["attempts"] for each in watch.jobs()} == {1}
    assert not watch.failed.exists()


def test_a_file_that_was_cut_off_fails_and_is_done_when_it_comes_whole(watch: Watching) -> None:
    whole = picture(size=640)
    watch.start()
    with (watch.dropped / "cut.jpg").open("wb") as copy:
        copy.write(whole[: len(whole) // 2])  # and here the copy is broken off
    watch.until(watch.failed / "cut.jpg", watch.failed / "cut.jpg.error.txt")
    until(lambda: not (watch.dropped / "cut.jpg").exists())
    assert "What: " in (watch.failed / "cut.jpg.error.txt").read_text(encoding="utf-8")
    shutil.copyfile(watch.put(whole, "source.jpg", watch.home / "elsewhere"), watch.dropped / "cut.jpg")
    watch.until(*watch.results("cut"))
    assert watch.stop() == 0
    assert ends(watch) == {("cut.jpg", "failed"): 1, ("cut.jpg", "done"): 1}


def test_files_come_in_all_ways(watch: Watching, another_disk: Path) -> None:
    """A folder moved in, a hard link, a copy, a file and a folder moved in from another file system."""
    elsewhere = watch.home / "elsewhere"
    watch.put(picture(1), "album/a.jpg", elsewhere)
    watch.put(picture(2), "album/deep/er/b.jpg", elsewhere)
    watch.put(picture(3), "linked.jpg", elsewhere)
    (another_disk / "moved.jpg").write_bytes(picture(4))
    (another_disk / "across").mkdir()
    (another_disk / "across" / "c.jpg").write_bytes(picture(5))
    watch.start()
    watch.until_said("Networks run")
    (elsewhere / "album").rename(watch.dropped / "album")
    (watch.dropped / "linked.jpg").hardlink_to(elsewhere / "linked.jpg")
    shutil.copy2(elsewhere / "linked.jpg", watch.dropped / "copied.jpg")
    subprocess.run(["mv", another_disk / "moved.jpg", another_disk / "across", watch.dropped], check=True)
    bases = ("album/a", "album/deep/er/b", "linked", "copied", "moved", "across/c")
    watch.until(*(path for base in bases for path in watch.results(base)))
    assert watch.stop() == 0
    assert ends(watch) == {(f"{Path(base).name}.jpg", "done"): 1 for base in bases}
    assert os.listdir(another_disk) == []  # noqa: PTH208
