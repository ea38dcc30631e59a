"""A file of a hot folder -> its bytes: those of one file that stood still meanwhile, and that lies in the folder."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from daemon.terminal import shown
from daemon.watch.hot_folder import HotFolder, Stamp
from daemon.watch.scan import lies_inside, stamp_of
from engine.pictures.files import not_a_file
from engine.pictures.refusals import check_bytes
from engine.settings import Limits

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class ChangedError(Exception):
    """The file is not what it was a moment ago: it is to be looked at again, and no fault of the picture's."""


def read(folder: HotFolder, name: str, limits: Limits) -> tuple[bytes, Stamp]:
    """All bytes of a file in a hot folder, and its stamp. Never waits for a pipe or a device.

    Raises PictureError for what is wrong with the file itself (empty, no plain file, past limits.megabytes),
    ChangedError where it is still being changed or leads out of the folder by now, and OSError for what the system
    says, FileNotFoundError where it has left.
    """
    path = folder.watch / name
    descriptor = _open(folder, path)
    try:
        before = os.fstat(descriptor)
        # Whatever was swapped for a link since the folder was scanned, and wherever on the way: the kernel knows which
        # file this is (proc_pid_fd(5)).
        if not lies_inside(folder, os.readlink(f"/proc/self/fd/{descriptor}")):  # noqa: PTH115  # a str is needed
            raise _leads_out(path)
        if not stat.S_ISREG(before.st_mode):
            raise not_a_file(shown(path), before.st_mode)
        check_bytes(before.st_size, limits, shown(path))
        with open(descriptor, "rb", closefd=False) as stream:
            data = stream.read(before.st_size)
        after = os.fstat(descriptor)
        if len(data) != before.st_size or _version(after) != _version(before):
            raise ChangedError(f"{shown(path)} was changed while it was read")
        named = path.stat()
        if (named.st_dev, named.st_ino) != (after.st_dev, after.st_ino):
            raise ChangedError(f"{shown(path)} was replaced while it was read")
        return data, stamp_of(after)
    finally:
        os.close(descriptor)


def _open(folder: HotFolder, path: Path) -> int:
    try:
        return os.open(path, _FLAGS)
    except OSError as error:
        if error.errno != errno.ELOOP:  # open(2): what O_NOFOLLOW says to a link
            raise
    target = os.path.realpath(path, strict=True)
    if not lies_inside(folder, target):  # not even opened: a device may take that as an order
        raise _leads_out(path)
    return os.open(target, _FLAGS)


def _leads_out(path: Path) -> ChangedError:
    return ChangedError(f"{shown(path)} leads out of the folder")


def _version(status: os.stat_result) -> tuple[Stamp, int]:
    return stamp_of(status), status.st_ctime_ns
