"""What takes a process apart from others: one with mounts of its own, one with limits of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon.watch.hot import MOUNTING, environment, skip_without_mounts

# What scripts in other processes begin with.
HEAD = """
import queue, subprocess
from pathlib import Path
from daemon.watch.hints import Hints, UnwatchedError
from tests.daemon.watch.hot import hot_folder
folder = hot_folder(Path("in"))
told = queue.SimpleQueue()
hints = Hints(told.put)
"""


@pytest.fixture
def limited(tmp_path: Path) -> Callable[[str, int, str], str]:
    """Runs Python with a limit of inotify, in a user namespace of its own (namespaces(7)), and gives its output."""

    def run(limit: str, number: int, code: str) -> str:
        shell = f'echo {number} > /proc/sys/user/{limit} || exit 77; exec "$@"'
        command = ["unshare", "--user", "--map-root-user", "sh", "-c", shell, "sh", sys.executable, "-c", HEAD + code]
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
hints.watch(folder)
hints.stop()
""",
    )
    assert said.startswith(
        "There are no hints of changes in hot folders: the limit fs.inotify.max_user_instances is met"
    )


@pytest.fixture
def mounting(tmp_path: Path) -> Callable[[str], list[str]]:
    """Runs Python where it may mount, beside a hot folder "in", and gives the lines that it writes."""

    def run(code: str) -> list[str]:
        (tmp_path / "in" / "disk").mkdir(parents=True)
        command = [*MOUNTING, sys.executable, "-c", HEAD + code + "hints.stop()\n"]
        ran = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
        skip_without_mounts(ran.stderr)
        assert ran.stderr == ""
        return ran.stdout.splitlines()

    return run


def test_a_disk_that_is_unmounted_and_mounted_again_is_watched_again(mounting: Callable[[str], list[str]]) -> None:
    told = mounting("""
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
    print(*[told.get(timeout=10).name for _ in range(2)])  # made, and closed
""")
    assert told == ["a.jpg a.jpg", "unmounted", "a.jpg a.jpg", "a.jpg a.jpg"]


def test_the_folder_that_a_disk_below_was_mounted_on_is_watched_when_that_is_gone(
    mounting: Callable[[str], list[str]],
) -> None:
    told = mounting("""
subprocess.run(["mount", "-t", "tmpfs", "disk", "in/disk"], check=True)
hints.start()
hints.watch(folder)
for each in ("disk/on it.jpg", "after.jpg", "disk/below it.jpg"):
    if each == "after.jpg":
        subprocess.run(["umount", "in/disk"], check=True)
    (folder.watch / each).touch()
    while told.get(timeout=10).name != each:
        pass
    hints.watch(folder)
    print(each)
""")
    assert told == ["disk/on it.jpg", "after.jpg", "disk/below it.jpg"]
