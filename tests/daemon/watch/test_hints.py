"""With real inotify. What is told is waited for, at most ten seconds; that nothing is, by what is told after it."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from daemon.watch.filesystem import Filesystem
from daemon.watch.hints import Hint, Hints, is_told
from daemon.watch.hot_folder import HotFolder
from tests.daemon.watch.hot import (
    MOUNTING,
    environment,
    hot_folder,
    open_files,
    reachable_folder,
    skip_without_mounts,
    with_rights,
)

Told = tuple[str, str]


class Listen(Protocol):
    def __call__(self, folder: HotFolder, *, watch: bool = True) -> Ear: ...


class Ear:
    """Hints of one hot folder, and what they told."""

    def __init__(self, folder: HotFolder) -> None:
        self.folder = folder
        self.watch = folder.watch
        self.queue: queue.SimpleQueue[Hint] = queue.SimpleQueue()
        self.hints = Hints(self.queue.put)
        self.hints.start()

    def heard(self, last: Told) -> list[Told]:
        """All that is told until this is, without repetitions that follow each other."""
        told: list[Told] = []
        while last not in told:
            hint = self.queue.get(timeout=10)
            assert hint.folder == self.folder
            if told[-1:] != [(hint.name, hint.kind)]:
                told.append((hint.name, hint.kind))
        return told

    def heard_so_far(self) -> list[Told]:
        """All that was told until now: what is done here comes after it."""
        end = self.watch / "end.jpg"
        end.touch()
        told = self.heard(("end.jpg", "changed"))[:-1]
        end.unlink()
        self.heard(("end.jpg", "left"))
        return told


@pytest.fixture
def listen() -> Iterator[Listen]:
    ears: list[Ear] = []

    def start(folder: HotFolder, *, watch: bool = True) -> Ear:
        ear = Ear(folder)
        ears.append(ear)
        if watch:
            ear.hints.watch(folder)
        return ear

    yield start
    for each in ears:
        each.hints.stop()


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


@pytest.fixture
def limited(tmp_path: Path) -> Callable[[str, int, str], str]:
    """Runs Python with a limit of inotify, in a user namespace of its own (namespaces(7)), and gives its output."""

    def run(limit: str, number: int, code: str) -> str:
        head = (
            "import errno, queue, sys\nfrom pathlib import Path\nfrom daemon.watch.hints import *\n"
            "from tests.daemon.watch.hot import hot_folder\ntold = queue.SimpleQueue()\nhints = Hints(told.put)\n"
        )
        shell = f'echo {number} > /proc/sys/user/{limit} || exit 77; exec "$@"'
        command = ["unshare", "--user", "--map-root-user", "sh", "-c", shell, "sh", sys.executable, "-c", head + code]
        ran = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
        if "unshare" in ran.stderr or ran.returncode == 77:
            pytest.skip(f"no user namespaces, or their limits cannot be set here: {ran.stderr.strip()}")
        assert not ran.returncode, ran.stderr
        return ran.stdout

    return run


def test_a_limit_of_ten_watches_is_said_and_ten_folders_are_watched(
    tmp_path: Path, limited: Callable[[str, int, str], str]
) -> None:
    for number in range(15):
        (tmp_path / "in" / f"{number}").mkdir(parents=True)
    said = limited(
        "max_inotify_watches",
        10,
        """
folder = hot_folder(Path("in"))
hints.start()
for _ in range(2):
    try:
        hints.watch(folder)
    except UnwatchedError as error:
        print(error)
for number in range(15):
    (folder.watch / str(number) / "a.jpg").touch()
(folder.watch / "end.jpg").touch()
names = set()
while "end.jpg" not in names:
    names.add(told.get(timeout=10).name)
print(len(names) - 1)
(folder.watch / "new").mkdir()
while told.get(timeout=10).name != "new":
    pass
(folder.watch / "new" / "a.jpg").touch()  # cannot be told
for number in range(15):
    (folder.watch / str(number) / "a.jpg").unlink()
    (folder.watch / str(number)).rmdir()
while told.get(timeout=10).name != "14":
    pass
hints.watch(folder)  # there is room again
(folder.watch / "new" / "b.jpg").touch()
print(told.get(timeout=10).name)
hints.stop()
""",
    ).splitlines()
    assert said[0] == said[1]
    assert said[0].startswith(
        f"{tmp_path}/in: not all of it can be watched for changes: the limit fs.inotify.max_user_"
    )
    assert "Raise it: sysctl fs.inotify.max_user_watches=" in said[0]
    assert said[2:] == ["9", "new/b.jpg"]


def test_without_any_instance_of_inotify_left_a_sentence_says_so(limited: Callable[[str, int, str], str]) -> None:
    said = limited(
        "max_inotify_instances",
        0,
        """
try:
    hints.start()
except UnwatchedError as error:
    print(error)
hints.watch(hot_folder(Path.cwd()))
hints.stop()
""",
    )
    assert said.startswith(
        "There are no hints of changes in hot folders: the limit fs.inotify.max_user_instances is met"
    )


def test_a_disk_that_is_unmounted_and_mounted_again_is_watched_again(tmp_path: Path) -> None:
    code = """
import queue, subprocess
from pathlib import Path
from daemon.watch.hints import Hints
from tests.daemon.watch.hot import hot_folder
told = queue.SimpleQueue()
folder = hot_folder(Path("in"))
hints = Hints(told.put)
hints.start()
hints.watch(folder)
mount = ["mount", "-t", "tmpfs", "disk", "in"]
for command in (mount, ["umount", "in"], mount):
    subprocess.run(command, check=True)
    if command != mount:
        while told.get(timeout=10).kind != "all":
            pass
        print("unmounted")
    hints.watch(folder)
    (folder.watch / "a.jpg").touch()
    print([told.get(timeout=10).name for _ in range(2)])  # made, and closed
hints.stop()
"""
    (tmp_path / "in").mkdir()
    command = [*MOUNTING, sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    skip_without_mounts(ran.stderr)
    assert ran.stderr == ""
    told = "['a.jpg', 'a.jpg']"
    assert ran.stdout.splitlines() == [told, "unmounted", told, told]


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
