"""The file of a picture on the disk -> its bytes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from engine.errors import NotAPictureError, PictureError, system_reason
from engine.pictures.refusals import check_bytes
from engine.settings import Limits

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def read_file(path: Path, limits: Limits, name: str) -> bytes:
    """All bytes of a picture's file. name: what sentences call it.

    Raises PictureError; never waits for a pipe or a device.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise not_a_file(name, status.st_mode)
            check_bytes(status.st_size, limits, name)
            with open(descriptor, "rb", closefd=False) as stream:
                return stream.read(status.st_size)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise cannot_be_read(name, error) from error


def path_of(text: str) -> Path:
    """A path as a setting names it: a ~ at its beginning is a home folder, where there is one."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no user of that name, or a user without a home
        return Path(text)


def not_a_file(name: str, mode: int) -> NotAPictureError:
    """The error for what is no plain file. mode: as in os.stat_result."""
    return NotAPictureError(f"{name}: not a picture", f"it is {_KINDS.get(stat.S_IFMT(mode), 'no plain file')}")


def cannot_be_read(name: str, error: OSError | ValueError) -> PictureError:
    """The error for a path that the system refuses; a ValueError is Python's for one with a NUL in it."""
    return PictureError(f"{name}: cannot be read", system_reason(error) if isinstance(error, OSError) else str(error))
