"""`bshm retry`: failed pictures once more, from where they were dropped."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.terminal import complain, shown, tell
from engine.errors import OutputError, system_reason

if TYPE_CHECKING:
    from daemon.watch.job import Job
    from daemon.watch.ledger import Ledger


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words."""
    parser = commands.add_parser(
        "retry",
        help="try failed pictures of the hot folders again",
        description="Puts failed pictures back into the hot folder where they were dropped, so that `bshm watch`, "
        "running or started later, does them again. What waits for another try is tried at once.",
    )
    help_paths = "a failed picture: where it was dropped, where it lies now, or its .error.txt (default: all)"
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=help_paths)


def run(args: argparse.Namespace) -> int:
    """Says of each what was done. Returns 0, or 1 where one could not be tried again; raises LedgerError."""
    from daemon.watch.ledger import Ledger, ledger_file

    file = ledger_file()
    if not file.exists():
        complain(f"Nothing was watched yet: there is no ledger at {file}.")
        return int(bool(args.paths))
    with closing(Ledger(file)) as ledger:
        jobs, unknown = _chosen(_failed(ledger), args.paths)
        for path in unknown:
            complain(f"{path}: no failed picture of this name is known. `bshm jobs --failed` lists them.")
        if not jobs and not unknown:
            complain("No picture failed.")
        tried = [_try_again(each, ledger) for each in jobs]
    return 0 if all(tried) and not unknown else 1


def _failed(ledger: Ledger) -> list[Job]:
    """What failed, and what waits for another try because of an error."""
    from daemon.watch.job import State

    return [each for each in ledger.jobs(State.FAILED, State.WAITING) if each.error]


def _chosen(jobs: Sequence[Job], paths: Iterable[Path]) -> tuple[Sequence[Job], list[Path]]:
    """The jobs that the paths mean, and the paths that mean none; all jobs where there are no paths."""
    meant: dict[int, Job] = {}
    unknown = []
    names = [(each, frozenset(_names(each))) for each in jobs]
    asked = list(paths)
    for path in asked:
        entry = path.parent.resolve() / path.name
        found = [each for each, known in names if entry in known]
        meant.update((each.id, each) for each in found)
        if not found:
            unknown.append(path)
    return (list(meant.values()) if asked else jobs), unknown


def _names(job: Job) -> Iterator[Path]:
    yield job.path
    if job.original:
        yield job.original
    yield from (each.path for each in job.outputs)


def _try_again(job: Job, ledger: Ledger) -> bool:
    """Says what was done, or why it could not be."""
    from daemon.watch.job import State

    if job.state is State.WAITING:
        ledger.change(job.id, due=time.time())
        tell(f"{job.path}: is tried again now")
        return True
    try:
        place = _put_back(job)
    except OSError as error:
        complain(f"{job.path}: cannot be tried again: {system_reason(error)}.")
        return False
    except OutputError as error:
        complain(str(error))
        return False
    ledger.change(job.id, state=State.LEFT, present=False)
    tell(f"{place}: is there again, and is tried again")
    _remove_reason(job)
    return True


def _put_back(job: Job) -> Path:
    """Moves the original to where it was dropped, or beside what has its name now. Raises OutputError and OSError."""
    from daemon.watch.naming import Names
    from daemon.watch.originals import move
    from daemon.watch.publish import TakenError

    what = f"{shown(job.path)}: cannot be tried again"
    if job.original is None or not os.path.lexists(job.original):
        where = f" at {shown(job.original)}" if job.original else ""
        raise OutputError(what, f"it is no longer there{where}", "Drop the picture into the hot folder")
    if not job.folder.is_dir():
        raise OutputError(what, f"the hot folder {shown(job.folder)} is not there")
    if job.original == job.path:  # it could not be taken from its folder
        return job.path
    names = Names(lambda _: None)
    while True:
        with names.moved(job.folder, job.name) as place:
            try:
                move(job.original, place)
            except TakenError:  # in this very moment
                continue
            return place


def _remove_reason(job: Job) -> None:
    """Deletes NAME.error.txt, unless there is another file of that name by now."""
    from daemon.watch.publish import is_there

    for each in job.outputs:
        try:
            if is_there(each):
                each.path.unlink(missing_ok=True)
        except OSError as error:
            complain(f"{each.path}: cannot be deleted: {system_reason(error)}.")
