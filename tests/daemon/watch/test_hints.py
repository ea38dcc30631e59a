"""With real inotify."""

from __future__ import annotations

import os
import queue
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.watch.filesystem import Filesystem
from daemon.watch.hints import Hint, Hints, is_told
from tests.daemon.watch.ear import Ear, Listen, listening
from tests.daemon.watch.hot import (
    hot_folder,
    open_files,
    reachable_folder,
    with_rights,
)


@pytest.fixture
def listen() -> Iterator[Listen]:
    with listening() as start:
        yield start


@pytest.fixture
def ear(tmp_path: Path, listen: Listen) -> Ear:
    (tmp_path / "in" / "old" / "deep").mkdir(parents=True)
    return listen(hot_folder(tmp_path / "in"))


class TestTheHotFolderItself:
    def test_it_is_watched_again_when_it_was_deleted_and_made_anew(self, ear: Ear) -> None:
        shutil.rmtree(ear.watch)
        assert ("", "all") in ear.heard(("", "all"))
        with pytest.raises(FileNotFoundError):
            ear.hints.watch(ear.folder)
        (ear.watch / "x").mkdir(parents=True)
        ear.hints.watch(ear.folder)
        (ear.watch / "x" / "a.jpg").touch()
        assert ("x/a.jpg", "changed") in ear.heard_so_far()

    def test_it_is_watched_again_when_another_has_taken_its_place(self, ear: Ear, tmp_path: Path) -> None:
        ear.watch.rename(tmp_path / "was in")
        ear.heard(("", "all"))
        ear.watch.mkdir()
        ear.hints.watch(ear.folder)
        (tmp_path / "was in" / "a.jpg").touch()
        (ear.watch / "b.jpg").touch()
        assert ear.heard_so_far() == [("b.jpg", "changed")]

    def test_one_that_is_not_there_yet_is_watched_once_it_is(self, tmp_path: Path, listen: Listen) -> None:
        ear = listen(hot_folder(tmp_path / "in"), watch=False)
        with pytest.raises(FileNotFoundError):
            ear.hints.watch(ear.folder)
        (tmp_path / "in").mkdir()
        ear.hints.watch(ear.folder)
        ear.hints.watch(ear.folder)
        (ear.watch / "a.jpg").touch()
        assert ear.heard_so_far() == [("a.jpg", "changed")]

    def test_folders_that_may_not_be_read_are_watched_once_they_may(self, listen: Listen) -> None:
        with reachable_folder() as folder:
            (folder.watch / "x").mkdir()
            ear = listen(folder, watch=False)
            with with_rights(folder.watch, 0o000), pytest.raises(PermissionError):
                ear.hints.watch(folder)
            with with_rights(folder.watch / "x", 0o000):
                ear.hints.watch(folder)
            (folder.watch / "x" / "a.jpg").touch()
            assert ear.heard_so_far() == []
            ear.hints.watch(folder)
            (folder.watch / "x" / "b.jpg").touch()
            assert ear.heard_so_far() == [("x/b.jpg", "changed")]

    def test_nothing_more_is_told_of_one_that_is_given_up(self, ear: Ear, tmp_path: Path) -> None:
        (tmp_path / "second").mkdir()
        second = hot_folder(tmp_path / "second")
        ear.hints.watch(second)
        ear.hints.unwatch(ear.folder)
        ear.hints.unwatch(ear.folder)
        (ear.watch / "old" / "a.jpg").touch()
        (ear.watch / "new").mkdir()
        (second.watch / "b.jpg").touch()
        assert ear.queue.get(timeout=10) == Hint(second, "b.jpg", "changed")

    def test_nothing_is_left_when_all_is_stopped(self, tmp_path: Path) -> None:
        before, threads = open_files(), threading.active_count()
        (tmp_path / "in").mkdir()
        for _ in range(3):
            ear = Ear(hot_folder(tmp_path / "in"))
            ear.hints.watch(ear.folder)
            ear.hints.stop()
            ear.hints.stop()
            ear.hints.watch(ear.folder)
        assert open_files() == before
        assert threading.active_count() == threads


def test_lost_events_are_told_and_folders_that_came_meanwhile_are_watched(tmp_path: Path) -> None:
    """While whoever listens is held up, more happens than the kernel keeps (fs.inotify.max_queued_events)."""
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if most > 200_000:
        pytest.skip(f"the kernel keeps {most} events here, which takes too long to exceed")
    told: queue.SimpleQueue[Hint] = queue.SimpleQueue()
    held_up, go_on = threading.Event(), threading.Event()

    def deliver(hint: Hint) -> None:
        told.put(hint)
        held_up.set()
        go_on.wait()

    (tmp_path / "in" / "old").mkdir(parents=True)
    folder = hot_folder(tmp_path / "in")
    hints = Hints(deliver)
    hints.start()
    try:
        hints.watch(folder)
        (folder.watch / "first.jpg").touch()
        held_up.wait(10)
        descriptor = os.open(folder.watch, os.O_RDONLY)
        os.close(os.open("a", os.O_CREAT, dir_fd=descriptor))
        for number in range(most // 2 + 1):
            os.rename(*(("a", "b") if number % 2 == 0 else ("b", "a")), src_dir_fd=descriptor, dst_dir_fd=descriptor)
        os.close(descriptor)
        (folder.watch / "new").mkdir()
        (folder.watch / "old").rename(folder.watch / "young")
        go_on.set()
        while told.get(timeout=10) != Hint(folder, "", "all"):
            pass
        for name in ("new/a.jpg", "young/b.jpg"):
            (folder.watch / name).touch()
            while (hint := told.get(timeout=10)).name != name:
                assert hint.kind != "all"
    finally:
        go_on.set()
        hints.stop()


@pytest.mark.parametrize(
    ("observer", "kind", "told"),
    [
        ("auto", "ext4", True),
        ("auto", "nfs4", False),
        ("auto", "fuse.sshfs", False),
        ("polling", "ext4", False),
        ("inotify", "nfs4", True),
    ],
)
def test_shares_are_polled_unless_the_config_says_otherwise(observer: str, kind: str, told: bool) -> None:
    assert is_told(observer, Filesystem(kind, "")) is told
