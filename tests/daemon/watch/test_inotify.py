"""With real inotify."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.watch.ear import Ear, Listen, listening
from tests.daemon.watch.hot import hot_folder


@pytest.fixture
def listen() -> Iterator[Listen]:
    with listening() as start:
        yield start


@pytest.fixture
def ear(tmp_path: Path, listen: Listen) -> Ear:
    (tmp_path / "in" / "old" / "deep").mkdir(parents=True)
    return listen(hot_folder(tmp_path / "in"))


class TestFiles:
    @pytest.mark.parametrize("name", ["a.jpg", "old/a.jpg", "old/deep/a.url", os.fsdecode(b"old/\xff\xfe\n.jpg")])
    def test_one_that_is_written_is_told_when_it_is_closed(self, ear: Ear, name: str) -> None:
        with (ear.watch / name).open("wb") as stream:
            assert ear.heard((name, "changed")) == [(name, "changed")]  # it was made
            stream.write(b"content")
            stream.flush()
            assert ear.heard_so_far() == []
        assert ear.heard((name, "changed")) == [(name, "changed")]

    def test_one_that_gets_its_name_at_the_end_is_told_then(self, ear: Ear) -> None:
        (ear.watch / "a.jpg.part").write_bytes(b"content")
        assert ear.heard_so_far() == []
        (ear.watch / "a.jpg.part").rename(ear.watch / "a.jpg")
        assert ear.heard_so_far() == [("a.jpg", "changed")]

    def test_one_that_is_moved_out_and_back_left_and_came(self, ear: Ear, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(b"content")
        (tmp_path / "a.jpg").rename(ear.watch / "a.jpg")
        (ear.watch / "a.jpg").rename(tmp_path / "a.jpg")
        (tmp_path / "a.jpg").rename(ear.watch / "a.jpg")
        assert ear.heard_so_far() == [("a.jpg", "changed"), ("a.jpg", "left"), ("a.jpg", "changed")]

    def test_a_link_to_one_is_told_of_either_kind(self, ear: Ear, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(b"content")
        (ear.watch / "hard.jpg").hardlink_to(tmp_path / "a.jpg")
        (ear.watch / "soft.jpg").symlink_to("hard.jpg")
        assert ear.heard_so_far() == [("hard.jpg", "changed"), ("soft.jpg", "changed")]

    def test_one_that_leaves_delays_nothing(self, ear: Ear, tmp_path: Path) -> None:
        (ear.watch / "a.jpg").touch()
        ear.heard_so_far()
        started = time.monotonic()
        (ear.watch / "a.jpg").rename(tmp_path / "a.jpg")
        (ear.watch / "b.jpg").touch()
        ear.heard(("b.jpg", "changed"))
        assert time.monotonic() - started < 0.4

    def test_reading_them_tells_nothing(self, ear: Ear) -> None:
        (ear.watch / "a.jpg").write_bytes(b"content")
        ear.heard_so_far()
        assert (ear.watch / "a.jpg").read_bytes()
        assert list(ear.watch.rglob("*"))
        assert ear.heard_so_far() == []

    def test_those_that_are_not_taken_are_not_told(self, ear: Ear, listen: Listen) -> None:
        for each in ("a.txt", ".a.jpg", "a.cutout.png", "~$a.jpg"):
            (ear.watch / each).write_bytes(b"content")
        assert ear.heard_so_far() == []
        some = listen(hot_folder(ear.watch, patterns=("end*", "IMG*")))
        (ear.watch / "b.jpg").touch()
        (ear.watch / "img.jpg").touch()
        assert some.heard_so_far() == [("img.jpg", "changed")]


class TestFolders:
    def test_a_new_one_is_told_and_watched(self, ear: Ear) -> None:
        (ear.watch / "new" / "deep").mkdir(parents=True)
        assert ear.heard(("new", "folder"))[0] == ("new", "folder")
        (ear.watch / "new" / "deep" / "a.jpg").touch()
        told = ear.heard_so_far()
        # Either the file is told, or its folder after it was made.
        assert {("new/deep/a.jpg", "changed"), ("new/deep", "folder")} & set(told)
        (ear.watch / "new" / "deep" / "b.jpg").touch()
        assert ("new/deep/b.jpg", "changed") in ear.heard_so_far()

    def test_one_that_is_moved_in_is_told_and_watched(self, ear: Ear, tmp_path: Path) -> None:
        (tmp_path / "album" / "x").mkdir(parents=True)
        (tmp_path / "album" / "x" / "a.jpg").touch()
        (tmp_path / "album").rename(ear.watch / "album")
        assert ear.heard_so_far() == [("album", "folder")]
        (ear.watch / "album" / "x" / "b.jpg").touch()
        assert ear.heard_so_far() == [("album/x/b.jpg", "changed")]

    def test_one_that_is_moved_out_is_told_and_watched_no_more_until_it_is_back(self, ear: Ear, tmp_path: Path) -> None:
        (ear.watch / "old").rename(tmp_path / "old")
        (tmp_path / "old" / "deep" / "a.jpg").touch()
        (tmp_path / "old" / "deep" / "b.jpg").touch()
        assert ("old", "folder") in ear.heard_so_far()
        (tmp_path / "old" / "deep" / "c.jpg").touch()
        assert ear.heard_so_far() == []
        (tmp_path / "old").rename(ear.watch / "old")
        assert ear.heard_so_far() == [("old", "folder")]
        (ear.watch / "old" / "deep" / "d.jpg").touch()
        assert ear.heard_so_far() == [("old/deep/d.jpg", "changed")]

    def test_one_that_is_renamed_is_told_by_its_new_name(self, ear: Ear) -> None:
        (ear.watch / "old").rename(ear.watch / "young")
        assert ear.heard_so_far() == [("old", "folder"), ("young", "folder")]
        (ear.watch / "young" / "deep" / "a.jpg").touch()
        assert ear.heard_so_far() == [("young/deep/a.jpg", "changed")]

    def test_another_of_the_same_name_is_watched_in_its_place(self, ear: Ear, tmp_path: Path) -> None:
        """In this order watchdog's own bookkeeping of folders ends its thread: moved out, made anew, both deleted."""
        (ear.watch / "old").rename(tmp_path / "old")
        (ear.watch / "old").mkdir()
        (ear.watch / "old").rmdir()
        shutil.rmtree(tmp_path / "old")
        (ear.watch / "old").mkdir()
        ear.heard_so_far()
        (ear.watch / "old" / "a.jpg").touch()
        assert ear.heard_so_far() == [("old/a.jpg", "changed")]

    def test_one_that_replaces_an_empty_one_is_watched(self, ear: Ear, tmp_path: Path) -> None:
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep").rename(ear.watch / "old" / "deep")
        ear.heard_so_far()
        (ear.watch / "old" / "deep" / "a.jpg").touch()
        assert ear.heard_so_far() == [("old/deep/a.jpg", "changed")]

    def test_those_that_are_not_entered_are_not_watched(self, tmp_path: Path, listen: Listen) -> None:
        watch = tmp_path / "in"
        for each in (".hidden", "@eaDir", "out"):
            (watch / each).mkdir(parents=True)
        (tmp_path / "other").mkdir()
        (watch / "link").symlink_to(tmp_path / "other")
        ear = listen(hot_folder(watch, excluded=frozenset({watch.resolve() / "out", watch.resolve() / "later"})))
        (watch / "later").mkdir()
        (watch / ".Trash-1").mkdir()
        for each in (".hidden", "@eaDir", "out", "link", "later", ".Trash-1"):
            (watch / each / "a.jpg").touch()
        assert ear.heard_so_far() == []

    def test_none_is_where_the_config_says_so(self, ear: Ear, listen: Listen) -> None:
        flat = listen(hot_folder(ear.watch, recursive=False))
        (ear.watch / "old" / "a.jpg").touch()
        (ear.watch / "new").mkdir()
        assert flat.heard_so_far() == []

    def test_many_that_come_and_go_at_once_leave_all_watched_that_stay(self, ear: Ear) -> None:
        script = """for round in 1 2 3; do
            for n in $(seq 40); do mkdir -p "$n/a/b"; mv "$n" "x$n"; mkdir "$n"; rmdir "$n"; mv "x$n" "$n"; done
            [ $round = 3 ] || rm -r [1-9]*
        done"""
        subprocess.run(["sh", "-ec", script], cwd=ear.watch, check=True)
        ear.heard_so_far()
        for number in range(1, 41):
            (ear.watch / f"{number}/a/b/c.jpg").touch()
        assert ear.heard_so_far() == [(f"{number}/a/b/c.jpg", "changed") for number in range(1, 41)]
