"""`bshm cutout`: pictures, folders and addresses in, cut-outs, mattes and composites out."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.commands.cutout_words import add_parser, wanted_by
from daemon.inputs import FileInput, LinkInput, find_inputs, read_file, without_user
from daemon.log import log_failure
from daemon.outputs import Place, check_folder, place_link, place_outputs
from daemon.results import Wanted
from daemon.terminal import complain, hand_over, shown
from engine.errors import BshmError, OutputError

if TYPE_CHECKING:
    from daemon.batch import Loaded, Outcome, Task
    from daemon.in_process import InProcess
    from daemon.resident import Resident

__all__ = ["add_parser", "run"]


def run(args: argparse.Namespace) -> int:
    """Cuts out what the words name. Returns 0, or the worst exit code of what failed."""
    started = time.monotonic()
    wanted = wanted_by(args)
    found = find_inputs(args.paths, args.output)
    tally = Tally()
    if note := wanted.note():
        complain(note)
    for problem in found.problems:
        tally.fail(problem)
    if found.inputs and args.output is not None:
        check_folder(args.output)
    if found.results:
        complain(f"Left out, being results of an earlier run: {found.results}.")
    if found.others:
        kinds = ", ".join(f"{count} {suffix or 'without a suffix'}" for suffix, count in sorted(found.others.items()))
        complain(f"Left out of the folders, being no pictures by their names: {kinds}.")
    tasks = _tasks(found.inputs, wanted, args.output, tally)
    before = tally.finished
    try:
        if tasks:
            _cut_out(tasks, wanted, tally, args.in_process)
    except BshmError as error:  # there is no engine: no picture was begun
        if error.__cause__:
            log_failure("bshm cutout")
        tally.fail(error, pictures=0)
    finally:
        where = "beside the pictures" if args.output is None else f"in {shown(args.output)}"
        complain(tally.summary(len(tasks) - (tally.finished - before), time.monotonic() - started, where))
    return tally.exit_code


class Tally:
    """Counts what came of the pictures, and says each failure as it comes."""

    def __init__(self) -> None:
        self.done = self.skipped = self.failed = self.exit_code = 0

    @property
    def finished(self) -> int:
        """Pictures whose end is known."""
        return self.done + self.skipped + self.failed

    def fail(self, error: BshmError, pictures: int = 1) -> None:
        """An error that this many pictures failed by."""
        complain(str(error))
        self.failed += pictures
        self.exit_code = max(self.exit_code, error.exit_code)

    def take(self, outcome: Outcome) -> None:
        """What came of one picture."""
        if outcome.error:
            self.fail(outcome.error)
        elif outcome.report is None:
            self.skipped += 1
        else:
            self.done += 1
            for warning in outcome.report["warnings"]:
                complain(f"{outcome.name}: {warning}")
        for path in outcome.written:
            hand_over(path)

    def summary(self, left: int, seconds: float, where: str) -> str:
        """The last line."""
        counts = {"skipped": self.skipped, "failed": self.failed, "not begun": left}
        others = "".join(f", {count} {word}" for word, count in counts.items() if count)
        return f"{self.done} done{others} in {seconds:.1f} s" + (f"; the results are {where}." if self.done else ".")


def _tasks(inputs: Sequence[FileInput | LinkInput], wanted: Wanted, output: Path | None, tally: Tally) -> list[Task]:
    """What there is to do, in the order of the inputs; what need not or cannot be done is tallied now."""
    from daemon.batch import Task

    files = [each for each in inputs if isinstance(each, FileInput)]
    places = dict(zip(files, place_outputs(files, output), strict=True))
    closed = _closed_folders(places.values(), tally) if output is None else set()
    tasks = []
    for each in inputs:
        if isinstance(each, LinkInput):
            load = partial(_load_link, each.address, output or Path(), wanted)
            tasks.append(Task(shown(without_user(each.address)), load))
            continue
        place = places[each]
        if place.folder in closed:
            continue
        try:
            results = wanted.files(place)
        except OutputError as error:
            tally.fail(error)
            continue
        if results:
            tasks.append(Task(each.name, partial(_load_file, each, results, wanted)))
        else:
            tally.skipped += 1
    return tasks


def _closed_folders(places: Collection[Place], tally: Tally) -> set[Path]:
    """The folders that cannot be written, each said once."""
    closed = set()
    for folder, pictures in Counter(place.folder for place in places).items():
        try:
            check_folder(folder)
        except OutputError as error:
            tally.fail(error, pictures)
            closed.add(folder)
    return closed


def _load_file(source: FileInput, results: Mapping[str, Path], wanted: Wanted) -> Loaded:
    from daemon.batch import Loaded

    data = read_file(source.path, wanted.settings.limits)
    save = partial(wanted.write, files=results, source=source.path)
    return Loaded(data, source.name, _pictures(results), save)


def _load_link(address: str, folder: Path, wanted: Wanted) -> Loaded | None:
    """Its place is known only when the server has named the picture."""
    from daemon.batch import Loaded
    from daemon.links import fetch
    from daemon.thumbnails import thumbnail_warning

    fetched = fetch(address, wanted.settings.limits, wanted.settings.links)
    results = wanted.files(place_link(fetched.name, address, folder))
    if not results:
        return None
    save = partial(wanted.write, files=results, source=fetched.address)
    warning = partial(thumbnail_warning, fetched.addresses)
    return Loaded(fetched.data, shown(fetched.address), _pictures(results), save, warning)


def _pictures(results: Mapping[str, Path]) -> tuple[str, ...]:
    return tuple(kind for kind in results if kind != "report")


def _cut_out(tasks: Sequence[Task], wanted: Wanted, tally: Tally, in_process: bool) -> None:
    from daemon.batch import cut_out_all
    from daemon.progress import progress

    priority = "interactive" if len(tasks) == 1 else "batch"  # for a single picture a person waits
    with progress(len(tasks)) as advance, _cutter(wanted, in_process, priority) as cutter:
        complain(f"Networks run on {cutter.device}.")
        for outcome in cut_out_all(tasks, cutter):
            tally.take(outcome)
            advance(outcome)


@contextmanager
def _cutter(wanted: Wanted, in_process: bool, priority: str) -> Iterator[Resident | InProcess]:
    """The resident engine where it runs and may be used, else networks of our own. Raises what InProcess() raises."""
    from daemon.in_process import InProcess
    from daemon.resident import find_resident

    resident = None if in_process else find_resident(wanted, priority)
    if resident is None:
        yield InProcess(wanted)
    else:
        with resident:
            yield resident
