"""On which file system a folder lies: the kernel's own answer, as proc(5) describes it.

An unmounted disk or share leaves an empty folder behind, and a folder with none of yesterday's files in it looks as if
somebody had deleted them. What tells the two apart is the file system.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_MOUNTS = Path("/proc/self/mountinfo")
_BY_UUID = Path("/dev/disk/by-uuid")
_NUMBER = re.compile(rb"^mnt_id:\s*(\d+)", re.MULTILINE)
_OCTAL = re.compile(rb"\\([0-7]{3})")

# Those whose statfs(2) gives an fsid made of the UUID in the superblock: the same after a reboot, whatever the device
# is called by then. Others make it of the device's number (XFS, FAT) or at random (tmpfs), or give none.
_OWN_FSID = frozenset({"ext2", "ext3", "ext4", "btrfs", "zfs", "bcachefs"})
# Where files come and go without this kernel's doing, so that inotify(7) tells nothing and times are another's clock.
_NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda", "ceph", "davfs", "9p", "virtiofs", "drvfs"),
        *("vboxsf", "vmhgfs", "prl_fs", "glusterfs", "lustre", "gpfs", "beegfs", "orangefs", "ocfs2", "gfs2", "acfs"),
    }
)
# Of what is mounted by programs (fuse.sshfs, fuse.rclone, fuse.davfs2, ...) those that show folders of this machine.
_LOCAL_FUSE = frozenset(
    f"fuse.{each}" for each in ("bindfs", "cryfs", "encfs", "exfat", "gocryptfs", "mergerfs", "ntfs-3g", "unionfs")
)


@dataclass(frozen=True)
class Filesystem:
    """type: as mount(8) names it ("ext4", "nfs4", "fuse.sshfs").

    identity: a text that is the same for a folder after a remount and a reboot, and another where its file system is
    not mounted, or another one is.
    """

    type: str
    identity: str

    @property
    def is_network(self) -> bool:
        """True where other machines may change files behind inotify's back; unknown programs' mounts are such."""
        return self.type in _NETWORK or (self.type.startswith("fuse.") and self.type not in _LOCAL_FUSE)


class Mount(NamedTuple):
    """A line of /proc/self/mountinfo. root: the folder of the file system that is to be seen at `point`.

    device: "major:minor"; one for each file system.
    """

    id: int
    device: str
    root: str
    point: str
    type: str
    source: str


def filesystem_of(folder: Path) -> Filesystem:
    """The file system that a folder lies on. Raises OSError where the folder cannot be reached."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # The kernel says which mount it is: stacked and hidden mounts need no thought. As long as the folder is open,
        # no other mount is given this number.
        number = int(_NUMBER.findall(Path(f"/proc/self/fdinfo/{descriptor}").read_bytes())[0])
        for mount in mounts_now():
            if mount.id == number:
                path = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115  # a str is what is needed
                below = posixpath.normpath(posixpath.join(mount.root, posixpath.relpath(path, mount.point)))
                return Filesystem(mount.type, f"{mount.type} {_origin(mount, descriptor)} {below}")
    finally:
        os.close(descriptor)
    raise OSError(errno.ESTALE, "its file system is being unmounted", os.fspath(folder))


class Filesystems:
    """On which file systems the files of a hot folder lie: mostly one, but others may be mounted below it."""

    def __init__(self, folder: Path) -> None:
        """As it is now. Raises OSError where the folder cannot be reached."""
        self.top = filesystem_of(folder)
        self._below: dict[str, Filesystem] = {}
        for mount in mounts_now():
            if folder in Path(mount.point).parents:
                # What cannot be reached is not listed either: nothing is seen, and nothing concluded there.
                with suppress(OSError):
                    self._below[str(Path(mount.point).relative_to(folder))] = filesystem_of(Path(mount.point))

    def on(self, name: str) -> Filesystem:
        """The one of a file, by its path below the hot folder."""
        while self._below and name:
            name = name.rpartition("/")[0]
            if name in self._below:
                return self._below[name]
        return self.top


def mounts_now() -> list[Mount]:
    """The mounts that this process sees. Raises OSError."""
    return read_mounts(_MOUNTS.read_bytes())


def read_mounts(table: bytes) -> list[Mount]:
    """The mounts that a text like /proc/self/mountinfo lists.

    proc_pid_mountinfo(5): (1) number, (2) parent's, (3) device, (4) root, (5) mount point, (6) options, (7) any count
    of fields, (8) "-", (9) type, (10) source, (11) options of the file system. Space, tab, line feed and backslash
    within a field are written as a backslash and three octal digits.
    """
    mounts = []
    for line in table.split(b"\n"):
        left, dash, right = line.partition(b" - ")
        if dash:
            number, _, device, root, point = left.split(b" ")[:5]
            type_, source = right.split(b" ")[:2]
            mounts.append(Mount(int(number), *map(_unescaped, (device, root, point, type_, source))))
    return mounts


def _unescaped(field: bytes) -> str:
    return os.fsdecode(_OCTAL.sub(lambda code: bytes([int(code[1], 8) & 0xFF]), field))


def _origin(mount: Mount, descriptor: int) -> str:
    """What holds the file system: its own number, its disk's UUID, or its source ("server:/export", "tmpfs")."""
    if mount.type in _OWN_FSID and (fsid := os.fstatvfs(descriptor).f_fsid):
        return f"fsid={fsid:016x}"
    if mount.source.startswith("/dev/") and (uuid := _uuid(mount.source)):
        return f"uuid={uuid}"
    return mount.source


def _uuid(device: str) -> str | None:
    """The name that udev gives to a disk by its content, whatever letter or number the kernel gave it this time."""
    try:
        number = os.stat(device).st_rdev  # noqa: PTH116  # any bytes
        for link in sorted(_BY_UUID.iterdir()):
            if link.stat().st_rdev == number:
                return link.name
    except OSError:  # no udev here, or no such device node in this container: then the source has to do
        return None
    return None
