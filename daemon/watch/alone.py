"""One process at a time watches, for there is one ledger."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from daemon.terminal import shown
from engine.errors import OutputError, RunningError, system_reason
from engine.folders import state_folder

_MOST = 1 << 16  # bytes


class Other(NamedTuple):
    """The process that watches: its number, and its config file."""

    pid: str
    config: Path


@contextmanager
def alone(config: Path) -> Iterator[None]:
    """While it lasts, no other process of this user watches. Raises RunningError where one does, and OutputError.

    config: the file that says what is watched.
    """
    file = _file()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OutputError(f"{shown(file)}: cannot be written", system_reason(error)) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            remedy = "It takes what is dropped; `kill -HUP` has it read the config file again"
            who = f"process {_said(descriptor).pid}"
            raise RunningError(f"the hot folders are watched already, by {who}", remedy=remedy) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, b"%d\n%b" % (os.getpid(), os.fsencode(config.absolute())))
        yield
    finally:
        os.close(descriptor)


def who_watches() -> Other | None:
    """The process that watches, if one does."""
    try:
        descriptor = os.open(_file(), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _said(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _file() -> Path:
    return state_folder() / "watch.lock"


def _said(descriptor: int) -> Other:
    pid, _, config = os.pread(descriptor, _MOST, 0).partition(b"\n")
    return Other(pid.decode("ascii", "replace"), Path(os.fsdecode(config)))
