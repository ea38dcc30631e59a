"""With real inotify, real mounts and real limits."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.watch.filesystem import Filesystem
from daemon.watch.hints import Hint, Hints, is_told
from tests.daemon.watch.ear import Ear, Listen, listening
from tests.daemon.watch.hot import (
    MOUNTING,
    environment,
    hot_folder,
    open_files,
    reachable_folder,
    skip_without_mounts,
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
