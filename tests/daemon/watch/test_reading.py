from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.watch.hot_folder import HotFolder
from daemon.watch.reading import ChangedError, read
from daemon.watch.scan import look, stamp_of
from engine.errors import NotAPictureError, TooLargeError
from engine.settings import Limits
from tests.daemon.watch.hot import hot_folder, open_files, reachable_folder, with_rights

LIMITS = Limits()


@pytest.fixture
def folder(tmp_path: Path) -> HotFolder:
    (tmp_path / "in" / "x").mkdir(parents=True)
    return hot_folder(tmp_path / "in")


def test_a_file_is_read_whole_with_the_stamp_that_it_was_seen_with(folder: HotFolder) -> None:
    content = os.urandom(300_000)
    name = os.fsdecode(b"x/\xff\n.jpg")
    (folder.watch / name).write_bytes(content)
    seen = look(folder, name)
    assert seen
    assert read(folder, name, LIMITS) == (content, seen.stamp)


def test_a_link_to_a_file_in_the_folder_is_read(folder: HotFolder) -> None:
    (folder.watch / "x" / "a.jpg").write_bytes(b"content")
    (folder.watch / "link.jpg").symlink_to("x/a.jpg")
    assert read(folder, "link.jpg", LIMITS) == (b"content", stamp_of((folder.watch / "x" / "a.jpg").stat()))


def test_a_file_that_became_a_link_out_of_the_folder_is_not_read(folder: HotFolder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    for target in (tmp_path / "secret", "../secret", "/dev/zero"):
        link = folder.watch / "a.jpg"
        link.symlink_to(target)
        with pytest.raises(ChangedError, match=r"a\.jpg leads out of the folder"):
            read(folder, "a.jpg", LIMITS)
        link.unlink()


def test_a_folder_that_became_a_link_is_not_read_through(folder: HotFolder, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "a.jpg").write_bytes(b"secret")
    (folder.watch / "x").rmdir()
    (folder.watch / "x").symlink_to(tmp_path / "private")
    with pytest.raises(ChangedError, match="leads out"):
        read(folder, "x/a.jpg", LIMITS)


def test_nor_is_one_that_leads_into_an_excluded_folder(folder: HotFolder) -> None:
    (folder.watch / "x" / "a.jpg").write_bytes(b"result")
    (folder.watch / "a.jpg").symlink_to("x/a.jpg")
    with pytest.raises(ChangedError, match="leads out"):
        read(hot_folder(folder.watch, excluded=frozenset({folder.watch / "x"})), "a.jpg", LIMITS)


def test_a_pipe_is_refused_at_once(folder: HotFolder) -> None:
    os.mkfifo(folder.watch / "a.jpg")
    with pytest.raises(NotAPictureError, match="it is a named pipe"):
        read(folder, "a.jpg", LIMITS)


def test_an_empty_file_and_one_past_the_limit_are_refused_in_words(folder: HotFolder) -> None:
    path = folder.watch / "a.jpg"
    path.write_bytes(b"")
    with pytest.raises(NotAPictureError, match=r"a\.jpg: the file is empty"):
        read(folder, "a.jpg", LIMITS)
    with path.open("wb") as stream:
        stream.truncate(10**12)  # has no content, so needs no room: must be refused before it is read
    with pytest.raises(TooLargeError, match="the limit is 512"):
        read(folder, "a.jpg", LIMITS)


def test_what_the_system_says_is_left_to_the_caller(folder: HotFolder) -> None:
    with pytest.raises(FileNotFoundError):
        read(folder, "none.jpg", LIMITS)
    with reachable_folder() as shared:
        (shared.watch / "a.jpg").write_bytes(b"content")
        with with_rights(shared.watch / "a.jpg", 0), pytest.raises(PermissionError):
            read(shared, "a.jpg", LIMITS)
        assert read(shared, "a.jpg", LIMITS)[0] == b"content"


WRITER = """
import os, sys, time
path, how = sys.argv[1:]
end = time.monotonic() + 20
print("ready", flush=True)
while time.monotonic() < end:
    if how == "appended":
        with open(path, "ab") as stream:
            stream.write(b"x")
    elif how == "truncated":
        os.truncate(path, 1_000_000 + time.monotonic_ns() % 1000)
    elif how == "rewritten":
        with open(path, "r+b") as stream:
            stream.write(os.urandom(8))
    else:
        with open(path + ".new", "wb") as stream:
            stream.truncate(4_000_000)
        os.replace(path + ".new", path)
"""


@pytest.mark.parametrize("how", ["appended", "truncated", "rewritten", "replaced"])
def test_a_file_that_another_process_changes_meanwhile_is_not_taken(folder: HotFolder, how: str) -> None:
    path = folder.watch / "a.jpg"
    path.write_bytes(bytes(4_000_000))
    command = [sys.executable, "-c", WRITER, str(path), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout
            writer.stdout.readline()
            for _ in range(2000):
                try:
                    read(folder, "a.jpg", LIMITS)
                except ChangedError as error:
                    assert "while it was read" in str(error)  # noqa: PT017  # most reads fall between two changes
                    break
            else:
                pytest.fail("not one of 2000 reads met a change")
        finally:
            writer.kill()


def test_nothing_stays_open(folder: HotFolder) -> None:
    (folder.watch / "a.jpg").write_bytes(b"content")
    before = open_files()
    read(folder, "a.jpg", LIMITS)
    with pytest.raises(TooLargeError):
        read(folder, "a.jpg", Limits(megabytes=1e-6))
    assert open_files() == before
