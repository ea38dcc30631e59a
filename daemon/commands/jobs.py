"""`bshm jobs`: the pictures of the hot folders and what came of them, as the ledger has it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.terminal import complain, shown, tell

if TYPE_CHECKING:
    from daemon.watch.job import Job

_LAST = 50
_WORDS = {"working": "under way", "publishing": "under way"}  # for states whose names say less
_STYLES = {"done": "green", "failed": "red"}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words."""
    parser = commands.add_parser(
        "jobs",
        help="list the pictures of the hot folders and what came of them",
        description=f"Lists the last {_LAST} pictures of the hot folders and what came of them, the newest last.",
    )
    parser.add_argument("--failed", action="store_true", help="only those that failed, or wait for another try")
    parser.add_argument("--all", action="store_true", help=f"all that the ledger has, not only the last {_LAST}")
    parser.add_argument("--json", action="store_true", help="as a JSON array, for programs")


def run(args: argparse.Namespace) -> int:
    """Lists them. Returns 0, also where nothing was watched yet; raises LedgerError."""
    from daemon.watch.ledger import ledger_file

    file = ledger_file()
    jobs = _jobs(file, args.failed, args.all) if file.exists() else []
    if args.json:
        for line in json.dumps([_record(each) for each in jobs], indent=2).splitlines():
            tell(line)
    elif not file.exists():
        complain(f"Nothing was watched yet: there is no ledger at {file}.")
    elif not jobs:
        complain("No picture failed." if args.failed else "No picture was dropped yet.")
    elif sys.stdout is not None and sys.stdout.isatty():
        _print_table(jobs)
    else:
        for each in jobs:
            tell(f"{_time(each)}  {_state(each)}  {each.path}  {_outcome(each)}{_took(each)}".rstrip())
    return 0


def _jobs(file: Path, failed: bool, every: bool) -> list[Job]:
    from daemon.watch.job import State
    from daemon.watch.ledger import Ledger

    with closing(Ledger(file)) as ledger:
        if failed:
            found = [each for each in ledger.jobs(State.FAILED, State.WAITING, State.WORKING) if each.error]
            return found if every else found[-_LAST:]
        return ledger.jobs(last=-1 if every else _LAST)


def _print_table(jobs: Sequence[Job]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("time", "state"):
        table.add_column(heading, no_wrap=True)
    table.add_column("file", overflow="fold")
    table.add_column("what came of it", overflow="fold")
    for heading in ("people", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in jobs:
        state = Text(_state(each), _STYLES.get(each.state, ""))
        texts = (Text(shown(text)) for text in (each.path, _outcome(each), _people(each), _seconds(each)))
        table.add_row(_time(each), state, *texts)
    Console(highlight=False, markup=False).print(table)


def _time(job: Job) -> str:
    """Of the last thing that happened to it."""
    return f"{_local(job.ended or job.began or job.queued):%Y-%m-%d %H:%M:%S}"


def _state(job: Job) -> str:
    return _WORDS.get(job.state, job.state)


def _outcome(job: Job) -> str:
    """Its results, or the reason why there are none, and where the original went with it."""
    from daemon.watch.display import sentence_of
    from daemon.watch.job import State

    said = sentence_of(job).removeprefix(f"{shown(job.path)}: ")  # the path stands beside it
    match job.state:
        case State.LEFT:
            return "put back to be tried again" if job.error else "taken away before it was begun"
        case State.WAITING | State.WORKING if job.error:
            if job.state is State.WORKING or job.due <= time.time():
                return f"{said} It waits until that is mended."
            return f"{said} It is tried again at {_local(job.due):%H:%M:%S}."
        case State.FAILED if job.original not in (None, job.path):
            return f"{said} It was moved to {job.original}."
        case State.DONE if job.outputs:
            return ", ".join(str(each.path) for each in job.outputs)
        case _:
            return said


def _took(job: Job) -> str:
    """What the table has in columns of their own."""
    from daemon.watch.display import sentence_of

    return f" ({sentence_of(job)})" if "people" in job.summary and not job.error else ""


def _people(job: Job) -> str:
    return str(job.summary.get("people", ""))


def _seconds(job: Job) -> str:
    return f"{job.summary['seconds']:.1f}" if "seconds" in job.summary else ""


def _record(job: Job) -> dict[str, Any]:
    """A job for programs. Times in ISO 8601; files by name and by an address that holds any bytes."""
    from dataclasses import asdict

    from daemon.results import named
    from daemon.watch.job import State

    return {
        "id": job.id,
        "state": job.state,
        "file": named(job.path),
        "folder": named(job.folder),
        "original": named(job.original) if job.original else None,
        "outputs": {each.kind: named(each.path) for each in job.outputs},
        "error": asdict(job.error) if job.error else None,
        "attempts": job.attempts,
        "queued": _iso(job.queued),
        "began": _iso(job.began),
        "ended": _iso(job.ended),
        "next_try": _iso(job.due) if job.state is State.WAITING else None,
        **job.summary,
    }


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else _local(seconds).isoformat(timespec="milliseconds")


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()
