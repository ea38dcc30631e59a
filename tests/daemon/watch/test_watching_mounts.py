"""Hot folders whose disk goes and comes, that inotify tells nothing of, or not all."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.daemon.watch.binding import bound
from tests.daemon.watch.pictures import picture
from tests.daemon.watch.watching import QUICK, Watching
from tests.engine.server.live import Live, until

LIMITED = (
    *("unshare", "--user", "--map-root-user", "sh", "-c"),
    *('echo 10 > /proc/sys/user/max_inotify_watches && exec "$@"', "sh"),
)


def times(watch: Watching) -> dict[str, int]:
    return Counter(each["file"]["name"] for each in watch.jobs() if each["state"] in ("done", "failed"))


@pytest.fixture
def disk(watch: Watching) -> Path:
    """What is mounted as the hot folder."""
    folder = watch.home / "disk"
    folder.mkdir()
    return folder


def test_nothing_is_done_again_when_a_disk_was_away(watch: Watching, disk: Path) -> None:
    for name in ("a.jpg", "sub/b.jpg"):
        watch.put(picture(1), name, disk)
    with bound(disk, watch.dropped):
        watch.start()
        watch.until(*watch.results("a"), *watch.results("sub/b"))
    watch.put(picture(2), "beneath.jpg")  # into the folder that is seen where nothing is mounted
    watch.until(*watch.results("beneath"))
    with bound(disk, watch.dropped):
        watch.put(picture(3), "c.jpg", disk)
        watch.until(*watch.results("c"))
        assert watch.stop() == 0
    watch.start("--once")  # away at the start too
    assert watch.process
    assert watch.process.wait(30) == 0
    with bound(disk, watch.dropped):
        watch.start("--once")
        assert watch.process.wait(30) == 0
    assert times(watch) == {"a.jpg": 1, "b.jpg": 1, "beneath.jpg": 1, "c.jpg": 1}


@pytest.mark.parametrize("done", ["keep", "delete"])
def test_a_disk_that_goes_while_its_pictures_are_cut_out(
    watch: Watching, resident: Live, disk: Path, done: str
) -> None:
    watch.configure(QUICK, done=done)
    names = [f"{number}.jpg" for number in range(3)]
    for number, name in enumerate(names):
        watch.put(picture(number), name, disk)
    bad = watch.put(b"bad", "bad.jpg", disk)
    os.utime(bad, (1, 1))  # a bad file that is young is looked at again after a while
    with ExitStack() as mounted:
        mounted.enter_context(bound(disk, watch.dropped))
        resident.signal(signal.SIGSTOP)
        try:
            watch.start()
            until(lambda: [each["state"] for each in watch.jobs()] == ["working"] * 4)
            mounted.close()
        finally:
            resident.signal(signal.SIGCONT)
    watch.until(*(path for number in range(3) for path in watch.results(str(number))))
    if done == "keep":
        watch.put(picture(9), "beneath.jpg")
        watch.until(*watch.results("beneath"))
    else:
        watch.until_said("its disk is away")
    with bound(disk, watch.dropped):
        watch.put(picture(8), "new.jpg", disk)
        watch.until(*watch.results("new"), watch.failed / "bad.jpg")
        until(lambda: "working" not in {each["state"] for each in watch.jobs()})
        assert watch.stop() == 0
    beneath = ["beneath.jpg"] if done == "keep" else []
    assert times(watch) == dict.fromkeys((*names, *beneath, "bad.jpg", "new.jpg"), 1)
    assert sorted(each.name for each in disk.iterdir()) == (sorted([*names, "new.jpg"]) if done == "keep" else [])
    assert (watch.failed / "bad.jpg").read_bytes() == b"bad"


def test_a_disk_below_the_hot_folder_that_was_away(watch: Watching, disk: Path) -> None:
    watch.put(picture(1), "a.jpg", disk)
    camera = watch.dropped / "camera"
    camera.mkdir()
    with bound(disk, camera):
        watch.start()
        watch.until(*watch.results("camera/a"))
    watch.put(picture(2), "between.jpg")
    watch.until(*watch.results("between"))
    with bound(disk, camera):
        watch.put(picture(3), "b.jpg", disk)
        watch.until(*watch.results("camera/b"))
    assert watch.stop() == 0
    assert times(watch) == {"a.jpg": 1, "between.jpg": 1, "b.jpg": 1}


def test_more_folders_than_inotify_may_watch(watch: Watching) -> None:
    if not shutil.which("unshare") or subprocess.run([*LIMITED, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespace, in which the limit could be set, may be made here")
    for number in range(15):
        (watch.dropped / f"f{number}").mkdir()
    folders = ("f0", "f7", "f14")
    for each in folders:
        watch.put(picture(1), f"{each}/a.jpg")
    watch.configure("watch:\n  settle: 0.2\n  scan: 3600\n")
    watch.start(before=LIMITED)
    watch.until_said("max_user_watches")
    watch.until(*(path for each in folders for path in watch.results(f"{each}/a")))
    for number, each in enumerate(folders):
        watch.put(picture(number), f"{each}/b.jpg")
    watch.until(*(path for each in folders for path in watch.results(f"{each}/b")))
    assert watch.stop() == 0
    assert sum("max_user_watches" in each for each in watch.log.splitlines()) == 1
    assert times(watch) == {"a.jpg": 3, "b.jpg": 3}


def test_folders_are_polled_where_config_says_so(watch: Watching) -> None:
    watch.configure("watch:\n  settle: 0.2\n  scan: 3600\n", observer="polling")
    watch.start()
    watch.until_said("Networks run")
    watch.put(picture(1), "a.jpg")
    watch.put(picture(2), "new/b.jpg")
    watch.until(*watch.results("a"), *watch.results("new/b"))
    assert watch.stop() == 0
