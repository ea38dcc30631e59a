"""A job: one file of a hot folder and what came of it, as the ledger holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from daemon.watch.hot_folder import Stamp


class State(StrEnum):
    """How far a job is. What is on the disk in each state is what makes a crash harmless: see publish.

    waiting: nothing was done yet, or all that was done is to be done again. working: temporary files may be there.
    publishing: all temporary files are whole, and the ledger names their places and the original's; each of them may
    be there already. The others are ends; left: the file was taken away before it was begun.
    """

    WAITING = "waiting"
    WORKING = "working"
    PUBLISHING = "publishing"
    DONE = "done"
    FAILED = "failed"
    LEFT = "left"


ENDS = (State.DONE, State.FAILED, State.LEFT)


@dataclass(frozen=True)
class Problem:
    """An error's parts, as in engine.errors.BshmError."""

    what: str
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Output:
    """A file that a job writes. kind: a word of settings.WANTS, "report", or "error". inode: of the temporary file, by
    which the result is known again once it has its name. replaces: what has that name may be written over."""

    kind: str
    path: Path
    inode: int
    replaces: bool


class Writer(NamedTuple):
    """The job whose result a path is, or was: its hot folder, and the file's name in it. promised: it is publishing,
    and may have yet to put the result there."""

    origin: tuple[Path, str]
    promised: bool


@dataclass(frozen=True)
class Job:
    """A row of the ledger.

    folder: the hot folder's path. name: the file's path below it, any bytes (os.fsdecode). filesystem: the identity
    of the one that it was seen on. present: the file is there, as far as is known. hash: SHA-256 of the file, None
    before it was read. due: not before this time. verdict: the end that publishing leads to. original: once there
    is a verdict, where the file is to be, or is: in its own place, in another, or None: nowhere, it is deleted.
    earlier: the job that this file's last content had. placed: all results have got their names; where they are now
    is nobody's business. summary: people, warnings, milliseconds and the like. Times in seconds since the epoch.
    """

    id: int
    folder: Path
    name: str
    filesystem: str
    present: bool
    stamp: Stamp
    hash: bytes | None
    state: State
    attempts: int
    due: float
    error: Problem | None
    verdict: State | None
    placed: bool
    original: Path | None
    earlier: int | None
    summary: Mapping[str, Any]
    queued: float
    began: float | None
    ended: float | None
    outputs: tuple[Output, ...] = ()

    @property
    def path(self) -> Path:
        """Where the file was dropped."""
        return self.folder / self.name
