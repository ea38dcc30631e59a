"""Mounts are real, and nobody else's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.watch.filesystem import Filesystem, filesystem_of, read_mounts
from tests.daemon.watch.hot import MOUNTING, environment, skip_without_mounts

# For the scripts: i("PATH") prints the folder's type and identity, "gone" where it cannot be reached.
SHOW = f"""
i() {{ {sys.executable} -c '
import sys
from pathlib import Path
from daemon.watch.filesystem import filesystem_of
try:
    print(filesystem_of(Path(sys.argv[1])))
except OSError as error:
    print(type(error).__name__)
' "$1"; }}
"""


@pytest.fixture
def mounting(tmp_path: Path) -> Callable[[str], list[str]]:
    """Runs a shell script, in which mounts are nobody else's, in tmp_path, and gives the lines that it writes."""

    def run(script: str) -> list[str]:
        command = [*MOUNTING, "sh", "-euc", f"{SHOW}\ncd {tmp_path}\n{script}"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
        skip_without_mounts(ran.stderr)
        assert not ran.returncode, ran.stderr
        return ran.stdout.splitlines()

    return run


def test_a_folder_has_the_same_identity_each_time(tmp_path: Path) -> None:
    assert filesystem_of(tmp_path) == filesystem_of(tmp_path)
    assert filesystem_of(tmp_path).type


def test_two_folders_of_one_file_system_are_told_apart(tmp_path: Path) -> None:
    """Else what was seen in one would be missed in the other, where the config's folder is changed."""
    (tmp_path / "a b").mkdir()
    assert filesystem_of(tmp_path / "a b") != filesystem_of(tmp_path)


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        filesystem_of(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        filesystem_of(tmp_path / "file")


def test_a_disk_has_its_identity_again_when_it_comes_back_and_none_of_it_while_it_is_away(
    mounting: Callable[[str], list[str]],
) -> None:
    before, mounted, away, again = mounting(
        "mkdir disk; i disk; mount -t tmpfs share disk; i disk; umount disk; i disk; mount -t tmpfs share disk; i disk"
    )
    assert before == away
    assert mounted == again
    assert mounted != away
    assert "type='tmpfs'" in mounted


def test_the_folder_below_a_mount_counts_and_not_where_it_is_mounted(mounting: Callable[[str], list[str]]) -> None:
    here, elsewhere, itself = mounting(
        """mkdir x y; mount -t tmpfs share x; mkdir x/in; i x/in
        umount x; mount -t tmpfs share y; mkdir y/in; i y/in; i y"""
    )
    assert here == elsewhere
    assert here != itself


def test_a_bind_mount_is_the_folder_that_it_shows(mounting: Callable[[str], list[str]]) -> None:
    true, bound, below, true_below = mounting("mkdir -p a/b c; i a; mount --bind a c; i c; i c/b; i a/b")
    assert bound == true
    assert below == true_below
    assert below != bound


def test_of_mounts_at_one_place_the_last_counts_and_then_the_one_before(mounting: Callable[[str], list[str]]) -> None:
    first, second, hidden, again = mounting(
        """mkdir -p a/b; mount -t tmpfs one a; mkdir a/b; i a; mount -t tmpfs two a; i a
        mount -t tmpfs three a; mkdir a/b; i a/b; umount a; umount a; i a"""
    )
    assert first == again
    assert "tmpfs two /'" in second
    assert "tmpfs three /b'" in hidden


def test_a_mount_that_another_one_hides_counts_no_more(mounting: Callable[[str], list[str]]) -> None:
    seen, hidden = mounting("mkdir -p a/b; mount -t tmpfs one a/b; i a/b; mount -t tmpfs two a; mkdir a/b; i a/b")
    assert "tmpfs one /'" in seen
    assert "tmpfs two /b'" in hidden


def test_a_disk_image_has_one_identity_by_whatever_device(mounting: Callable[[str], list[str]]) -> None:
    """Its UUID is what stays: the number of the loop device, or a disk's letter, may be another after a reboot."""
    try:
        first, second, device, other_device, other = mounting(
            """for each in one two; do truncate -s 1M $each; mkfs.ext4 -q $each; done
            mkdir disk; other=$(losetup --find --show two); trap 'losetup -d $other' EXIT
            mount -o loop one disk; i disk; used=$(findmnt -no SOURCE disk); umount disk
            taken=$(losetup --find --show two); trap 'losetup -d $other; losetup -d $taken' EXIT
            mount -o loop one disk; i disk; echo $used; findmnt -no SOURCE disk; umount disk
            mount $other disk; i disk; umount disk"""
        )
    except AssertionError as error:
        if any(each in str(error) for each in ("losetup", "loop device", "not found", "unknown filesystem")):
            pytest.skip(f"no loop devices or no ext4 here: {error}")
        raise
    assert device != other_device
    assert first == second
    assert first != other


def test_an_overlay_is_a_file_system_of_its_own(mounting: Callable[[str], list[str]]) -> None:
    below, above = mounting(
        """mkdir base; mount -t tmpfs base base; cd base; mkdir low up work all
        mount -t overlay box -o lowerdir=low,upperdir=up,workdir=work all; i low; i all"""
    )
    assert "type='tmpfs'" in below
    assert above == "Filesystem(type='overlay', identity='overlay box /')"


def test_names_of_any_bytes_are_mounted_and_found(mounting: Callable[[str], list[str]]) -> None:
    (line,) = mounting(r"""d=$(printf 'a b\tc\\ä#\377'); mkdir "$d"; mount -t tmpfs 'my share' "$d"; i "$d" """)
    assert line == "Filesystem(type='tmpfs', identity='tmpfs my share /')"


def test_what_is_mounted_below_a_folder_has_its_own_file_system(mounting: Callable[[str], list[str]]) -> None:
    show = """
import sys
from pathlib import Path
from daemon.watch.filesystem import Filesystems
found = Filesystems(Path("in").resolve())
for name in sys.argv[1:]:
    print(found.on(name).identity)
"""
    own, beside, deep, inside, further, other = mounting(
        "mkdir -p in/camera/x 'in/two words' in/cameras disk/x disk2\n"
        "mount --bind disk in/camera; mount --bind disk2 'in/two words'\n"
        f"{sys.executable} -c '{show}' a.jpg cameras/a.jpg cameras/x/y/a.jpg camera/a.jpg camera/x/a.jpg 'two words/a'"
    )
    assert own == beside == deep
    assert inside == further
    assert len({own, inside, other}) == 3
    assert inside.endswith("/disk")


def test_the_table_of_mounts_is_read_with_its_escapes_and_optional_fields() -> None:
    table = (
        rb"36 35 98:0 /mnt1 /mnt\0402 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue" + b"\n"
        rb"37 36 0:41 / /a\134b\011c\012d ro - fuse.sshfs me@host:/a\040b rw" + b"\n"
        b"38 36 0:42 / /\xff\xfe rw - tmpfs  rw\n"
    )
    first, second, third = read_mounts(table)
    assert first == (36, "98:0", "/mnt1", "/mnt 2", "ext3", "/dev/root")
    assert second == (37, "0:41", "/", "/a\\b\tc\nd", "fuse.sshfs", "me@host:/a b")
    assert third == (38, "0:42", "/", "/\udcff\udcfe", "tmpfs", "")


@pytest.mark.parametrize(
    "kind",
    ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse.rclone", "fuse.davfs2", "9p", "virtiofs", "vboxsf", "ceph"],
)
def test_shares_are_network_file_systems(kind: str) -> None:
    assert Filesystem(kind, "").is_network


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "vfat", "fuseblk", "fuse.mergerfs"])
def test_disks_are_none(kind: str) -> None:
    assert not Filesystem(kind, "").is_network
