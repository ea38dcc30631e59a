"""One job, from the file to its results in their places and the original put away.

Each step that a crash could leave half done is journalled before: see publish and originals.
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from daemon.results import endings, report_file
from daemon.terminal import shown
from daemon.watch.cutting import Cut, cut_out
from daemon.watch.filesystem import Filesystems
from daemon.watch.hot_folder import HotFolder, Stamp
from daemon.watch.job import Job, Output, Problem, State
from daemon.watch.ledger import Ledger
from daemon.watch.names import is_shortcut
from daemon.watch.naming import ERROR, Names, beside_of
from daemon.watch.originals import give_back, put_away, stamp_of
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
from daemon.watch.reading import read
from engine.client import Client
from engine.errors import BshmError
from engine.settings import WANTS

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_STAYS = (errno.EACCES, errno.EPERM, errno.EROFS)  # what a folder says from which nothing may be taken


@dataclass(frozen=True)
class Means:
    """What a job needs. look: asks for a look at a file of a hot folder, which is another by now.

    complain: says what the user should know of a job that ends well all the same.
    """

    ledger: Ledger
    names: Names
    client: Client
    look: Callable[[HotFolder, str], None]
    complain: Callable[[str], None]


class AnotherError(Exception):
    """The file is another than the one that was taken down. stamp: of what is there now."""

    def __init__(self, stamp: Stamp) -> None:
        super().__init__()
        self.stamp = stamp


def work(job: Job, folder: HotFolder, means: Means) -> Job | None:
    """Does all that is left of a job; as it stands in the ledger then, or None where the file was only touched.

    Raises BshmError, OSError and AnotherError; then nothing but temporary files was left behind, or the job is
    publishing, and finish() goes on with it.
    """
    data, stamp = read(folder, job.name, folder.settings.limits)
    if stamp != job.stamp:
        raise AnotherError(stamp)
    digest = hashlib.sha256(data).digest()
    if job.earlier is not None and means.ledger.job(job.earlier).hash == digest:
        means.ledger.same(job, stamp)
        return None
    ticket = _ticket(job, means)
    called, data, source, warn = _picture(job, folder, data)
    with ExitStack() as reserved:
        wanted = endings(folder.settings, report=folder.report)
        to = folder.output / Path(job.name).parent
        places = reserved.enter_context(
            means.names.results((folder.watch, job.name), to, called, wanted, folder.conflict)
        )
        cut = None
        outputs: list[Output] = []
        if places.files:
            cut = cut_out(
                means.client, folder.settings, data, shown(source), tuple(places.files), f"bshm-{ticket}-{job.attempts}"
            )
            del data
            if warning := warn(cut.report):
                cut = cut.with_warning(warning)
            files = _contents(cut, places.files, source, folder)
            outputs = _write(files, places.files, places.replaces, ticket)
        original = _original(job, folder, means, reserved)
        summary = _summary(cut, time.time() - (job.began or job.queued))
        means.ledger.publish(
            job.id, outputs, hash=digest, verdict=State.DONE, original=original, summary=summary, error=None
        )
        return finish(means.ledger.job(job.id), folder, means)


def fail(job: Job, folder: HotFolder, error: BshmError, means: Means) -> Job:
    """Ends a job by an error: the original goes into the failed folder, and beside it why. Raises OutputError."""
    ticket = _ticket(job, means)
    problem = Problem(error.what, error.why, error.remedy)
    with means.names.moved(folder.failed, job.name, beside=ERROR) as target:
        file = beside_of(target, ERROR)
        part = temporary(ticket, file.parent, "error")
        inode = write_temporary(part, _letter(job, target, error))
        settle_folders([part])
        output = Output("error", file, inode, replaces=False)
        means.ledger.publish(job.id, [output], verdict=State.FAILED, original=target, error=problem)
        return finish(means.ledger.job(job.id), folder, means)


def finish(job: Job, folder: HotFolder, means: Means) -> Job:
    """What is left of a job that is publishing, in any state that a crash can leave it in.

    Raises OutputError and OSError: then it can be called again. TakenError and MissingError: the job is to be done
    anew, and waits already.
    """
    ticket = _ticket(job, means)
    held = temporary(ticket, job.path.parent, "original")
    try:
        put_in_place(job.outputs, ticket)
        original, present = job.original, False
        if original == job.path:
            present = _is_still(job)
        else:
            _check_disk(job, held)
            try:
                present = not put_away(job.path, job.stamp, held, original)
            except OSError as error:
                if error.errno not in _STAYS or held.exists():
                    raise
                means.complain(f"{shown(job.path)}: the original stays where it is: {error.strerror}.")
                original, present = job.path, _is_still(job)
    except (TakenError, MissingError):
        take_back(job.outputs, ticket)
        give_back(held, job.path)
        means.ledger.change(job.id, state=State.WAITING, verdict=None, original=None)
        raise
    kept = original == job.path and present
    means.ledger.change(job.id, state=job.verdict, ended=time.time(), original=original, present=kept)
    if not kept and os.path.lexists(job.path):
        means.look(folder, job.name)
    return means.ledger.job(job.id)


def clean_up(job: Job, folder: HotFolder, means: Means) -> None:
    """Removes the temporary files of a job that was broken off while it was working."""
    ticket = _ticket(job, means)
    to = folder.output / Path(job.name).parent
    failed = (folder.failed / job.name).parent
    discard([*(temporary(ticket, to, kind) for kind in (*WANTS, "report")), temporary(ticket, failed, "error")])


def _ticket(job: Job, means: Means) -> str:
    return f"{means.ledger.name}-{job.id}"


def _picture(
    job: Job, folder: HotFolder, data: bytes
) -> tuple[str, bytes, str | Path, Callable[[Mapping[str, Any]], str | None]]:
    """What the picture is called, its bytes, where it came from, and what is to be said of it; fetched where the file
    is a shortcut. Raises LinkError and TooLargeError."""
    if not is_shortcut(job.name):
        return Path(job.name).name, data, job.path, lambda _: None
    from daemon.links import fetch
    from daemon.thumbnails import thumbnail_warning
    from daemon.watch.shortcuts import address_in
    from engine.types import Size

    fetched = fetch(address_in(data, job.name), folder.settings.limits, folder.settings.links)

    def warn(addresses: Sequence[str], report: Mapping[str, Any]) -> str | None:
        return thumbnail_warning(addresses, Size(report["width"], report["height"]))

    return fetched.name, fetched.data, fetched.address, partial(warn, fetched.addresses)


def _contents(
    cut: Cut, files: Mapping[str, Path], source: str | Path, folder: HotFolder
) -> dict[str, bytes | memoryview]:
    report = partial(report_file, cut.report, files, source, folder.settings)
    return {kind: report() if kind == "report" else cut.results[kind] for kind in files}


def _write(
    contents: Mapping[str, bytes | memoryview], files: Mapping[str, Path], replaces: bool, ticket: str
) -> list[Output]:
    """Writes all of them beside their places. Raises OutputError, and leaves none of them then."""
    parts = {kind: temporary(ticket, path.parent, kind) for kind, path in files.items()}
    try:
        outputs = [
            Output(kind, path, write_temporary(parts[kind], contents[kind]), replaces) for kind, path in files.items()
        ]
        settle_folders(parts.values())
    except BaseException:
        discard(parts.values())
        raise
    return outputs


def _original(job: Job, folder: HotFolder, means: Means, reserved: ExitStack) -> Path | None:
    """Where the original is to be: in its own place, in another, or nowhere."""
    match folder.done:
        case "keep":
            return job.path
        case "delete":
            return None
        case done:
            return reserved.enter_context(means.names.moved(done, job.name))


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


def _summary(cut: Cut | None, seconds: float) -> dict[str, Any]:
    if cut is None:
        return {"skipped": True}
    report = cut.report
    return {
        "people": len(report["people"]),
        "warnings": list(report["warnings"]),
        "milliseconds": report["milliseconds"],
        "engine": round(cut.seconds, 3),
        "seconds": round(seconds, 3),
    }


def _letter(job: Job, target: Path, error: BshmError) -> bytes:
    """What stands in NAME.error.txt."""
    lines = {
        "File": shown(job.path),
        "What": error.what,
        "Why": error.why,
        "What to do": error.remedy,
        "When": datetime.now().astimezone().isoformat(" ", "seconds"),
        "To try again": f"bshm retry '{shown(target)}'",
    }
    return "".join(f"{key}: {shown(value)}\n" for key, value in lines.items() if value).encode()
