"""What an error means for a job: one table. Nothing that may pass by itself ends a job."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import Enum

from daemon.outputs import DiskFullError
from daemon.watch.ledger import LedgerError
from daemon.watch.publish import MissingError, TakenError
from daemon.watch.reading import ChangedError
from engine.errors import (
    CancelledError,
    DeviceError,
    EngineError,
    JobError,
    NetworkError,
    OutputError,
    PictureError,
    UnreachableError,
    UsageError,
)

_FIRST, _LONGEST = 1.0, 300.0  # seconds between two tries
_AWAY = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)  # gone, or a link or a pipe by now
_TRIES = 4  # of what a fault of this program, or an address that does not answer, ends


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


def verdict_of(error: BaseException, attempts: int) -> Verdict:
    """What an error means. attempts: how often the job was begun, this time counted."""
    fate = next((fate for kinds, fate in _FATES if isinstance(error, kinds)), None)
    if isinstance(error, OSError) and error.errno in _AWAY:
        fate = Fate.LEFT
    if fate is None:
        fate = Fate.AGAIN if isinstance(error, OSError) or attempts < _TRIES else Fate.FAIL
    if isinstance(error, UnreachableError) and attempts >= _TRIES:
        fate = Fate.FAIL
    return Verdict(fate, 0.0 if fate in (Fate.FAIL, Fate.LEFT) else pause(attempts))


def pause(attempts: int) -> float:
    """Seconds before the next try: 1, 2, 4 and so on, five minutes at most."""
    return float(min(_FIRST * 2 ** min(attempts - 1, 20), _LONGEST))


# The first that fits decides; what is not here is a fault of this program, or the system's word about the file.
_FATES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Fate], ...] = (
    (ChangedError, Fate.SETTLE),
    ((TakenError, MissingError), Fate.AGAIN),
    ((DiskFullError, LedgerError, OutputError), Fate.FOLDER),
    ((UnreachableError, CancelledError), Fate.AGAIN),
    ((EngineError, NetworkError, DeviceError), Fate.ENGINE),
    ((PictureError, JobError), Fate.FAIL),
    (UsageError, Fate.FOLDER),
)
