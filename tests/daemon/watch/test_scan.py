from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.watch.hot_folder import HotFolder, Sighting, Stamp
from daemon.watch.scan import is_awaited, look, scan
from tests.daemon.watch.hot import (
    MOUNTING,
    environment,
    file,
    hot_folder,
    skip_without_mounts,
)


@pytest.fixture
def folder(tmp_path: Path) -> HotFolder:
    (tmp_path / "in").mkdir()
    return hot_folder(tmp_path / "in")


def names(folder: HotFolder, below: str = "") -> set[str]:
    seen = list(scan(folder, below))
    assert all(isinstance(each, Sighting) for each in seen)
    found = [each.name for each in seen]
    assert len(found) == len(set(found))
    return set(found)


def test_a_file_is_seen_with_what_changes_when_its_content_does(folder: HotFolder) -> None:
    status = file(folder, "a.jpg").stat()
    stamp = Stamp(status.st_ino, 7, status.st_mtime_ns)
    assert list(scan(folder)) == [Sighting("a.jpg", stamp, status.st_ctime_ns)]
    assert look(folder, "a.jpg") == Sighting("a.jpg", stamp, status.st_ctime_ns)


def test_folders_below_are_walked_unless_the_config_says_not(folder: HotFolder) -> None:
    for each in ("a.jpg", "x/b.jpg", "x/y/z/c.url", "w/d.txt"):
        file(folder, each)
    assert names(folder) == {"a.jpg", "x/b.jpg", "x/y/z/c.url"}
    assert names(folder, "x") == {"x/b.jpg", "x/y/z/c.url"}
    flat = hot_folder(folder.watch, recursive=False)
    assert names(flat) == {"a.jpg"}
    assert names(flat, "x") == set()
    assert look(flat, "x/b.jpg") is None


def test_only_names_that_match_the_pattern_are_seen(folder: HotFolder) -> None:
    for each in ("IMG_1.JPG", "x/img_2.jpg", "other.jpg"):
        file(folder, each)
    some = hot_folder(folder.watch, patterns=("img_*",))
    assert names(some) == {"IMG_1.JPG", "x/img_2.jpg"}
    assert look(some, "other.jpg") is None


def test_hidden_folders_and_those_of_programs_are_not_entered(folder: HotFolder) -> None:
    for each in (".a/b.jpg", "x/@eaDir/c.jpg", ".Trash-1000/files/d.jpg", "e.jpg.download/e.jpg"):
        file(folder, each)
        assert look(folder, each) is None
        assert names(folder, each.rpartition("/")[0]) == set()
    assert names(folder) == set()


def test_excluded_folders_are_not_entered(folder: HotFolder) -> None:
    file(folder, "out/a.jpg")
    file(folder, "x/out/b.jpg")
    some = hot_folder(folder.watch, excluded=frozenset({folder.watch / "out", folder.watch / "not there yet"}))
    assert names(some) == {"x/out/b.jpg"}
    assert names(some, "out") == set()
    assert look(some, "out/a.jpg") is None


def test_names_of_any_bytes_are_seen(folder: HotFolder) -> None:
    odd = [b"\xff\xfe.jpg", "é.jpg".encode(), "e\u0301.jpg".encode(), b"a\nb.jpg", b" .jpg", b"-.jpg", b"\xf0\x9f.png"]
    for raw in odd:
        Path(os.fsdecode(os.fsencode(folder.watch) + b"/" + raw)).write_bytes(b"x")
    expected = {os.fsdecode(each) for each in odd}
    assert names(folder) == expected
    assert all(look(folder, each) for each in expected)


def test_hard_links_are_files_like_any_other(folder: HotFolder) -> None:
    (folder.watch / "b.jpg").hardlink_to(file(folder, "a.jpg"))
    assert names(folder) == {"a.jpg", "b.jpg"}


def test_pipes_sockets_devices_and_folders_of_a_pictures_name_are_not_files(folder: HotFolder, tmp_path: Path) -> None:
    os.mkfifo(folder.watch / "pipe.jpg")
    (folder.watch / "folder.jpg").mkdir()
    (folder.watch / "null.jpg").symlink_to("/dev/null")
    here = Path.cwd()
    os.chdir(folder.watch)  # the path of a socket may be no longer than 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket.jpg")
    finally:
        os.chdir(here)
    if os.geteuid() == 0:
        os.mknod(folder.watch / "device.jpg", 0o600 | 0o020000, os.makedev(1, 3))
    assert names(folder) == set()
    assert not any(look(folder, each.name) for each in folder.watch.iterdir())


class TestLinks:
    def test_one_to_a_file_in_the_folder_is_that_file(self, folder: HotFolder) -> None:
        status = file(folder, "x/a.jpg").stat()
        (folder.watch / "link.jpg").symlink_to("x/a.jpg")
        (folder.watch / "again.png").symlink_to(folder.watch / "link.jpg")
        assert names(folder) == {"x/a.jpg", "link.jpg", "again.png"}
        seen = look(folder, "again.png")
        assert seen == Sighting("again.png", Stamp(status.st_ino, 7, status.st_mtime_ns), status.st_ctime_ns)

    def test_one_that_leads_out_is_none(self, folder: HotFolder, tmp_path: Path) -> None:
        (tmp_path / "secret.jpg").write_bytes(b"secret")
        (tmp_path / "in 2").mkdir()
        (tmp_path / "in 2" / "secret.jpg").write_bytes(b"secret")
        for number, target in enumerate(("../secret.jpg", str(tmp_path / "secret.jpg"), "../in 2/secret.jpg")):
            (folder.watch / f"{number}.jpg").symlink_to(target)
        assert names(folder) == set()
        assert look(folder, "0.jpg") is None

    def test_one_into_an_excluded_folder_is_none(self, folder: HotFolder) -> None:
        file(folder, "out/a.jpg")
        (folder.watch / "a.jpg").symlink_to("out/a.jpg")
        assert names(hot_folder(folder.watch, excluded=frozenset({folder.watch / "out"}))) == set()

    def test_one_to_nothing_or_to_itself_is_none(self, folder: HotFolder) -> None:
        (folder.watch / "a.jpg").symlink_to("gone.jpg")
        (folder.watch / "b.jpg").symlink_to("b.jpg")
        assert names(folder) == set()
        assert look(folder, "b.jpg") is None

    def test_one_to_a_folder_is_never_followed(self, folder: HotFolder, tmp_path: Path) -> None:
        file(folder, "x/a.jpg")
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "b.jpg").write_bytes(b"b")
        (folder.watch / "inside").symlink_to("x")
        (folder.watch / "outside").symlink_to(tmp_path / "other")
        (folder.watch / "x" / "round").symlink_to("..")
        assert names(folder) == {"x/a.jpg"}
        assert names(folder, "outside") == set()
        assert look(folder, "inside/a.jpg") is None
        assert look(folder, "outside/b.jpg") is None


def test_a_disk_that_is_mounted_below_is_entered_and_an_excluded_one_is_known_by_any_path(tmp_path: Path) -> None:
    script = f"""
        set -e
        cd {tmp_path}; mkdir -p in/disk in/out in/again; mount -t tmpfs disk in/disk; touch in/disk/a.jpg in/out/b.jpg
        mount --bind in/out in/again
        {sys.executable} -c '
from pathlib import Path
from daemon.watch.scan import look, scan
from tests.daemon.watch.hot import hot_folder
watch = Path("in").resolve()
folder = hot_folder(watch, excluded=frozenset([watch / "out"]))
print(*[each.name for each in scan(folder)], look(folder, "again/b.jpg"))'
    """
    command = [*MOUNTING, "sh", "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    skip_without_mounts(ran.stderr)
    assert (ran.stdout, ran.stderr) == ("disk/a.jpg None\n", "")


def test_twenty_thousand_files_are_seen_quickly_and_one_by_one(folder: HotFolder) -> None:
    descriptor = os.open(folder.watch, os.O_RDONLY)
    for number in range(20_000):
        os.close(os.open(f"{number}.jpg", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=descriptor))
    os.close(descriptor)
    started = time.process_time()
    assert sum(1 for _ in scan(folder)) == 20_000
    assert time.process_time() - started < 1
    tracemalloc.start()
    try:
        assert sum(1 for _ in scan(folder)) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


class TestAwaited:
    @pytest.mark.parametrize("other", ["a.jpg.part", "a.jpg.crdownload", "a.jpg.filepart", "a.jpg.aria2"])
    def test_a_file_with_an_unfinished_one_beside_it_is(self, folder: HotFolder, other: str) -> None:
        file(folder, "x/a.jpg")
        seen = look(folder, "x/a.jpg")
        assert seen
        assert not is_awaited(folder, seen)
        file(folder, f"x/{other}")
        assert is_awaited(folder, seen)

    def test_an_empty_one_is_also_with_a_browsers_salted_name_beside_it(self, folder: HotFolder) -> None:
        file(folder, "a.jpg", b"")
        seen = look(folder, "a.jpg")
        assert seen
        assert not is_awaited(folder, seen)
        file(folder, "a.Xy12AbCd.jpg.part")
        assert is_awaited(folder, seen)


parts = st.sampled_from(["a", "b.jpg", ".h", "@eaDir", "c.JPG", "d.txt", "é.png", "\udcff.url", "x.cutout.png"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.lists(parts, min_size=1, max_size=3).map("/".join), max_size=8), st.booleans())
def test_one_look_says_what_a_walk_says(tmp_path_factory: pytest.TempPathFactory, paths: set[str], deep: bool) -> None:
    folder = hot_folder(tmp_path_factory.mktemp("in"), recursive=deep)
    for each in sorted(paths):
        if not any(other.startswith(f"{each}/") for other in paths):
            file(folder, each)
    seen = {each.name: each for each in scan(folder)}
    everything = [path.relative_to(folder.watch) for path in folder.watch.rglob("*")]
    assert {str(each): look(folder, str(each)) for each in everything if look(folder, str(each))} == seen
