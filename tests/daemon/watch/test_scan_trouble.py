"""Scans of what cannot be read, and of what goes meanwhile."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.watch.hot_folder import HotFolder, Sighting
from daemon.watch.scan import Unreadable, look, scan
from tests.daemon.watch.hot import file, hot_folder, open_files, reachable_folder, with_rights


@pytest.fixture
def folder(tmp_path: Path) -> HotFolder:
    (tmp_path / "in").mkdir()
    return hot_folder(tmp_path / "in")


@pytest.fixture
def shared() -> Iterator[HotFolder]:
    with reachable_folder() as folder:
        yield folder


class TestWhatCannotBeRead:
    def test_a_folder_below_is_unknown_and_the_others_are_seen(self, shared: HotFolder) -> None:
        file(shared, "a/a.jpg")
        file(shared, "b/b.jpg")
        with with_rights(shared.watch / "a", 0o000):
            seen = {each.name: each for each in scan(shared)}
            assert seen.keys() == {"a", "b/b.jpg"}
            unknown = seen["a"]
            assert isinstance(unknown, Unreadable)
            assert unknown.why == "permission denied"
            assert unknown.covers("a/a.jpg")
            assert unknown.covers("a/b/c.jpg")
            assert not unknown.covers("ab/c.jpg")
            with pytest.raises(PermissionError):
                look(shared, "a/a.jpg")

    def test_a_folder_whose_files_may_not_be_looked_at_is_unknown_once(self, shared: HotFolder) -> None:
        for each in ("a/1.jpg", "a/2.jpg", "a/3.jpg"):
            file(shared, each)
        with with_rights(shared.watch / "a", 0o644):
            assert list(scan(shared)) == [Unreadable("a", "permission denied")]

    def test_the_hot_folder_itself_is_an_error(self, shared: HotFolder) -> None:
        file(shared, "a.jpg")
        with with_rights(shared.watch, 0o000), pytest.raises(PermissionError):
            list(scan(shared))

    def test_a_hot_folder_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        folder = hot_folder(tmp_path / "none")
        for look_there in (lambda: list(scan(folder)), lambda: list(scan(folder, "x")), lambda: look(folder, "a.jpg")):
            with pytest.raises(FileNotFoundError):
                look_there()

    def test_a_hot_folder_that_has_become_a_file_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "in").write_bytes(b"")
        with pytest.raises(NotADirectoryError):
            list(scan(hot_folder(tmp_path / "in")))


def test_folders_and_files_that_vanish_meanwhile_are_no_error(folder: HotFolder) -> None:
    for number in range(200):
        file(folder, f"{number}/a.jpg")
        file(folder, f"{number}.jpg")
    walk = scan(folder)
    next(walk)
    subprocess.run(["find", folder.watch, "-mindepth", "1", "-delete"], check=True)
    assert all(isinstance(each, Sighting) for each in walk)
    assert not [*scan(folder), *scan(folder, "0")]
    assert look(folder, "0/a.jpg") is None


def test_a_walk_that_is_given_up_leaves_nothing_open(folder: HotFolder) -> None:
    for number in range(3):
        file(folder, f"{number}.jpg")
    before = open_files()
    walk = scan(folder)
    next(walk)
    assert isinstance(walk, Iterator)
    del walk
    assert open_files() == before
