"""How a job ends: its results get their names, then its original is put away.

All of it is journalled before, and each step can be done again after a crash: see publish and originals.
"""

from __future__ import annotations

import errno
import os
import time
from datetime import datetime
from pathlib import Path

from daemon.terminal import pasted, shown
from daemon.watch.filesystem import Filesystems
from daemon.watch.hot_folder import HotFolder
from daemon.watch.job import Job, Output, Problem, State
from daemon.watch.means import Means
from daemon.watch.naming import ERROR, beside_of
from daemon.watch.originals import put_away, stamp_of
from daemon.watch.publish import (
    MissingError,
    TakenError,
    discard,
    put_in_place,
    settle_folders,
    take_back,
    temporary,
    write_temporary,
)
from engine.errors import BshmError
from engine.settings import WANTS

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_STAYS = (errno.EACCES, errno.EPERM, errno.EROFS)  # what a folder says from which nothing may be taken
_REMEDY = "Look at the file with another program, mend it or export it again, and drop it anew"


def fail(job: Job, folder: HotFolder, error: BshmError, means: Means) -> Job:
    """Ends a job by an error: the original goes into the failed folder, and beside it why. Raises OutputError."""
    ticket = means.ticket(job)
    problem = Problem(error.what, error.why, error.remedy or _REMEDY)
    means.written.ready(folder.failed)
    with means.names.moved(folder.failed, job.name, beside=ERROR) as target:
        file = beside_of(target, ERROR)
        part = temporary(ticket, file.parent, "error")
        inode = write_temporary(part, _letter(job, target, problem))
        settle_folders([part])
        output = Output("error", file, inode, replaces=False)
        means.ledger.publish(job.id, [output], verdict=State.FAILED, original=target, error=problem)
        return finish(means.ledger.job(job.id), folder, means)


def finish(job: Job, folder: HotFolder | None, means: Means) -> Job:
    """What is left of a job that is publishing, in any state that a crash can leave it in.

    folder: None where it is a hot folder no more.

    Raises OutputError and OSError: then it can be called again. TakenError and MissingError while results get their
    names: the job is to be done anew, and waits already.
    """
    ticket = means.ticket(job)
    if not job.placed:
        try:
            put_in_place(job.outputs, ticket)
        except (TakenError, MissingError):
            take_back(job.outputs, ticket)
            means.ledger.change(job.id, state=State.WAITING, verdict=None, original=None)
            raise
        means.ledger.change(job.id, placed=True)
    original, stays = _put_away(job, folder, means)
    if job.verdict is State.FAILED and original and not os.path.lexists(original):
        take_back(job.outputs, ticket)  # nobody needs the reason: the bad file was taken away, or replaced by another
        means.ledger.change(job.id, state=State.LEFT, ended=time.time(), original=None, present=False)
    else:
        present = stays and original == job.path
        means.ledger.change(job.id, state=job.verdict, ended=time.time(), original=original, present=present)
    ended = means.ledger.job(job.id)
    if folder and not ended.present and os.path.lexists(job.path):
        means.look(folder, job.name)
    return ended


def clean_up(job: Job, folder: HotFolder, means: Means) -> None:
    """Removes the temporary files of a job that was broken off while it was working."""
    ticket = means.ticket(job)
    to = folder.output / Path(job.name).parent
    failed = (folder.failed / job.name).parent
    discard([*(temporary(ticket, to, kind) for kind in (*WANTS, "report")), temporary(ticket, failed, "error")])


def _put_away(job: Job, folder: HotFolder | None, means: Means) -> tuple[Path | None, bool]:
    """Where the original is then, None where it is deleted; and whether a file, any, lies where it was dropped.

    Raises OutputError and OSError.
    """
    if job.original == job.path:
        return job.path, _is_still(job)
    held = temporary(means.ticket(job), job.path.parent, "original")
    _check_disk(job, held)
    try:
        if job.original is None:
            return None, not put_away(job.path, job.stamp, held, None)
        top = _top(job, folder)
        means.written.ready(top)
        try:
            return job.original, not put_away(job.path, job.stamp, held, job.original)
        except TakenError:
            with means.names.moved(job.original.parent, job.original.name) as another:
                means.ledger.change(job.id, original=another)
                return another, not put_away(job.path, job.stamp, held, another)
    except OSError as error:
        if error.errno not in _STAYS or os.path.lexists(held):
            raise
        means.complain(f"{shown(job.path)}: the original stays where it is: {error.strerror}.")
        return job.path, _is_still(job)


def _top(job: Job, folder: HotFolder | None) -> Path:
    """The folder below which the original is to lie, as far as the config file still says so."""
    assert job.original  # noqa: S101  # it is not deleted
    tops = (folder.failed, folder.done) if folder else ()
    return next(
        (each for each in tops if isinstance(each, Path) and job.original.is_relative_to(each)), job.original.parent
    )


def _is_still(job: Job) -> bool:
    """Whether the file is the one that was cut out, as far as that can be known: if not, the next scan sees it."""
    try:
        return stamp_of(job.path) == job.stamp
    except OSError as error:
        return error.errno not in _GONE or not _has_its_disk(job)


def _check_disk(job: Job, held: Path) -> None:
    """Raises OSError where the original is not to be found and its disk is away too: then nobody has taken it."""
    if not (os.path.lexists(job.path) or os.path.lexists(held) or _has_its_disk(job)):
        raise OSError(errno.ESTALE, "its disk is away", os.fspath(job.path))


def _has_its_disk(job: Job) -> bool:
    try:
        return Filesystems(job.folder).on(job.name).identity == job.filesystem
    except OSError:
        return False


def _letter(job: Job, target: Path, problem: Problem) -> bytes:
    """What stands in NAME.error.txt."""
    lines = {
        "File": shown(job.path),
        "What": problem.what,
        "Why": problem.why,
        "What to do": problem.remedy,
        "When": datetime.now().astimezone().isoformat(" ", "seconds"),
        "To try again": f"bshm retry {pasted(target)}",
    }
    return "".join(f"{key}: {shown(value)}\n" for key, value in lines.items() if value).encode()
