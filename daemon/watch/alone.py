"""One process at a time watches, for there is one ledger."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.terminal import shown
from engine.errors import OutputError, RunningError, system_reason
from engine.folders import state_folder


@contextmanager
def alone() -> Iterator[None]:
    """While it lasts, no other process of this user watches. Raises RunningError where one does, and OutputError."""
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
            who = f"process {_said(descriptor)}"
            raise RunningError(f"the hot folders are watched already, by {who}", remedy=remedy) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        yield
    finally:
        os.close(descriptor)


def who_watches() -> str | None:
    """The number of the process that watches, if one does."""
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


def _said(descriptor: int) -> str:
    return os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
