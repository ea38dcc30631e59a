"""One job: from the file to its results as temporary files beside their places, journalled. How it ends: see ending."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from daemon.results import endings, report_file, warned
from daemon.terminal import shown
from daemon.watch.cutting import Cut, cut_out
from daemon.watch.ending import finish
from daemon.watch.hot_folder import HotFolder, Stamp
from daemon.watch.job import Job, Output, State
from daemon.watch.means import Means
from daemon.watch.names import is_shortcut
from daemon.watch.publish import discard, settle_folders, temporary, write_temporary
from daemon.watch.reading import read


@dataclass(frozen=True)
class _Picture:
    """called: its name. source: its path, or the address that it came from. addresses: all on the way there."""

    called: str
    data: bytes
    source: str | Path
    addresses: Sequence[str] = ()


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
    means.ledger.change(job.id, hash=digest)
    ticket = means.ticket(job)
    picture = _picture(job, folder, data)
    to = folder.output / Path(job.name).parent
    means.written.ready(folder.output)
    _try_to_write(temporary(ticket, to, "report"))  # before the networks do what could not be written
    origin = (folder.watch, job.name)
    wanted = endings(folder.settings, report=folder.report)
    with ExitStack() as reserved:
        places = reserved.enter_context(means.names.results(origin, to, picture.called, wanted, folder.conflict))
        cut = None
        outputs: list[Output] = []
        if places.files:
            name, number = shown(picture.source), f"bshm-{ticket}-{job.attempts}"
            cut = cut_out(means.client, folder.settings, picture.data, name, tuple(places.files), number)
            cut = _warned(cut, picture.addresses)
            files = _contents(cut, places.files, picture.source, folder)
            outputs = _write(files, places.files, places.replaces, ticket)
        original = _original(job, folder, means, reserved)
        summary = _summary(cut, time.time() - (job.began or job.queued))
        means.ledger.publish(job.id, outputs, verdict=State.DONE, original=original, summary=summary, error=None)
        return finish(means.ledger.job(job.id), folder, means)


def _picture(job: Job, folder: HotFolder, data: bytes) -> _Picture:
    """The picture itself; fetched where the file is a shortcut to it. Raises LinkError and TooLargeError."""
    if not is_shortcut(job.name):
        return _Picture(Path(job.name).name, data, job.path)
    from daemon.links import fetch
    from daemon.watch.shortcuts import address_in

    fetched = fetch(address_in(data, job.name), folder.settings.limits, folder.settings.links)
    return _Picture(fetched.name, fetched.data, fetched.address, fetched.addresses)


def _warned(cut: Cut, addresses: Sequence[str]) -> Cut:
    """The same, with a warning where the addresses promised more than they gave."""
    from daemon.thumbnails import thumbnail_warning
    from engine.types import Size

    warning = thumbnail_warning(addresses, Size(cut.report["width"], cut.report["height"]))
    return replace(cut, report=warned(cut.report, warning))


def _try_to_write(part: Path) -> None:
    """Raises OutputError."""
    write_temporary(part, b"")
    discard([part])


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
