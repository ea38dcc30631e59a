"""What an error means for a job: one table. Nothing that may pass by itself ends a job."""

from __future__ import annotations

import errno
import time
from dataclasses import dataclass
from enum import Enum

from daemon.terminal import shown
from daemon.watch.filesystem import filesystem_of
from daemon.watch.job import Job, Problem
from daemon.watch.publish import MissingError, TakenError
from daemon.watch.reading import ChangedError
from daemon.watch.settle import writer_of
from engine.errors import (
    BshmError,
    CancelledError,
    DeviceError,
    EngineError,
    FaultError,
    JobError,
    NetworkError,
    OutputError,
    PictureError,
    UnreachableError,
    UsageError,
    system_reason,
)

_YOUNG = 10.0  # seconds in which a bad picture may still become a good one, where nobody can say whether it is written
_LONGEST = 300.0  # seconds between two tries
_AWAY = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)  # gone, or a link or a pipe by now


class Fate(Enum):
    """What becomes of the job."""

    FAIL = "the original goes into the failed folder, with the reason"
    AGAIN = "it is tried again after a while"
    ENGINE = "it waits for the engine"
    FOLDER = "the folder waits, since all that follow would meet the same"
    SETTLE = "the file is still being written, or is another by now"
    LEFT = "the file was taken away"


@dataclass(frozen=True)
class Verdict:
    """fate: as above. seconds: until the next try, where there is one."""

    fate: Fate
    seconds: float = 0.0


@dataclass(frozen=True)
class _Rule:
    """What errors of these kinds mean. tries: after so many the job fails; None: never. first: seconds until the second
    try; then twice as long each time."""

    kinds: tuple[type[BaseException], ...]
    fate: Fate
    tries: int | None = None
    first: float = 1.0


# The first that fits decides.
_RULES = (
    _Rule((ChangedError,), Fate.SETTLE),
    _Rule((TakenError, MissingError), Fate.AGAIN),
    _Rule((OutputError, UsageError), Fate.FOLDER),
    _Rule((UnreachableError,), Fate.AGAIN, tries=7, first=5.0),  # given up after five minutes
    _Rule((CancelledError,), Fate.AGAIN),
    _Rule((EngineError, NetworkError, DeviceError), Fate.ENGINE),
    _Rule((PictureError, JobError), Fate.FAIL),
    _Rule((OSError,), Fate.AGAIN),  # the system's word about the file
    _Rule((BaseException,), Fate.AGAIN, tries=4),  # a fault of this program
)


def verdict_of(error: BaseException, attempts: int) -> Verdict:
    """What an error means. attempts: how often the job was begun, this time counted."""
    if isinstance(error, OSError) and error.errno in _AWAY:
        return Verdict(Fate.LEFT)
    rule = next(rule for rule in _RULES if isinstance(error, rule.kinds))
    if rule.fate is Fate.FAIL or (rule.tries is not None and attempts >= rule.tries):
        return Verdict(Fate.FAIL)
    return Verdict(rule.fate, pause(attempts, rule.first))


def pause(attempts: int, first: float = 1.0) -> float:
    """Seconds before the next try: 1, 2, 4 and so on, five minutes at most."""
    return float(min(first * 2 ** min(attempts - 1, 20), _LONGEST))


def as_sentence(job: Job, error: Exception) -> BshmError:
    """The error as what a user can read."""
    if isinstance(error, BshmError):
        return error
    name = shown(job.path)
    if isinstance(error, OSError):
        return BshmError(f"{name}: cannot be read or put away", system_reason(error))
    why = f"a fault of this program, {type(error).__name__}"
    return FaultError(f"{name}: not cut out", why, "Please report it; the log says more")


def problem_of(error: BshmError) -> Problem:
    """The error as the ledger holds it."""
    return Problem(error.what, error.why, error.remedy)


def may_become_good(job: Job, error: Exception) -> bool:
    """On shares nobody can say whether a file is still written; then a bad one that is young may be half a good one."""
    if not isinstance(error, PictureError) or time.time() - job.stamp.mtime / 1e9 > _YOUNG:
        return False
    return filesystem_of(job.folder).is_network or writer_of(job.path) == "unknown"
