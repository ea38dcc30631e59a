"""A folder is found under every path at which something is mounted that has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.watch.filesystem import Mount, mounts_now, read_mounts
from daemon.watch.mounts import all_paths
from tests.daemon.watch.binding import bound

MOUNTINFO = rb"""22 1 8:1 / / rw,noatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /run/anna rw - tmpfs tmpfs rw
31 22 8:17 / /media/anna/My\040Disk rw shared:2 master:7 - ext4 /dev/sdb1 rw
32 22 8:17 /photos /mnt/photos rw - ext4 /dev/sdb1 rw
33 22 8:1 /srv/anna /mnt/photos/2024/anna rw - ext4 /dev/sda1 rw
34 22 8:17 / /mnt/caf\351 rw - ext4 /dev/sdb1 rw
"""
TABLE = read_mounts(MOUNTINFO)


@pytest.mark.parametrize(
    ("folder", "others"),
    [
        ("/srv/in", []),
        ("/run/anna/in", []),
        ("/srv/anna/in", ["/mnt/photos/2024/anna/in"]),
        ("/mnt/photos/2024/anna", ["/srv/anna"]),
        ("/srv", []),
        ("/mnt/photos/2023", ["/media/anna/My Disk/photos/2023", os.fsdecode(b"/mnt/caf\xe9/photos/2023")]),
        ("/media/anna/My Disk", [os.fsdecode(b"/mnt/caf\xe9")]),
        # What another mount lies over is not there any more.
        ("/media/anna/My Disk/photos/2024/anna", [os.fsdecode(b"/mnt/caf\xe9/photos/2024/anna")]),
    ],
)
def test_every_path_of_a_folder(folder: str, others: list[str]) -> None:
    paths = all_paths(Path(folder), TABLE)
    assert paths == {Path(folder), *map(Path, others)}
    assert all(all_paths(each, TABLE) == paths for each in paths)


def test_of_two_mounts_at_one_place_the_last_is_seen() -> None:
    mounts = [*TABLE, Mount(35, "0:99", "/", "/mnt/photos", "tmpfs", "tmpfs")]
    assert all_paths(Path("/media/anna/My Disk/photos/2023"), mounts) == {
        Path("/media/anna/My Disk/photos/2023"),
        Path(os.fsdecode(b"/mnt/caf\xe9/photos/2023")),
    }


def test_without_mounts_a_folder_is_itself() -> None:
    assert all_paths(Path("/a/b"), ()) == {Path("/a/b")}


def test_on_this_machine(tmp_path: Path) -> None:
    assert tmp_path.resolve() in all_paths(tmp_path.resolve(), mounts_now())


def test_a_real_bind_mount(tmp_path: Path) -> None:
    real, shown = tmp_path.resolve() / "照 片", tmp_path.resolve() / "b\\ind"
    (real / "in").mkdir(parents=True)
    shown.mkdir()
    assert shown / "in" not in all_paths(real / "in", mounts_now())
    with bound(real, shown):
        paths = all_paths(real / "in", mounts_now())
        assert {real / "in", shown / "in"} <= paths
        assert all(each.samefile(real / "in") for each in paths)
