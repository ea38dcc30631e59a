"""`bshm cutout`: pictures, folders and addresses in, cut-outs, mattes and composites out."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.chosen import check_network, read_background, written_in
from daemon.inputs import FileInput, LinkInput, find_inputs, read_file, without_user
from daemon.log import log_failure
from daemon.outputs import Place, check_folder, place_link, place_outputs
from daemon.results import Wanted
from daemon.terminal import complain, hand_over, shown
from engine.errors import BshmError, OutputError, UsageError
from engine.settings import CHECKS, FORMATS, PEOPLE, WANTS, config_path, load_settings

if TYPE_CHECKING:
    from daemon.batch import Loaded, Outcome, Task

_EPILOG = """\
Results are NAME.cutout.png, NAME.matte.png, NAME.composite.png, NAME.report.json, beside the picture or below -o.
Pictures themselves are never written.

-o mirrors the folders that are named; pictures that are named themselves have their results flat in it. Of one name
(x/a.jpg, y/a.jpg) they are kept apart within a run, but not from what an earlier run wrote: --skip would leave out
y/a.jpg where x/a.jpg was cut out before, --overwrite replace its results. Name the folder above, or an -o for each.

Pictures by address have a short hash of the address in the names of their results (NAME.1a2b3c4d.cutout.png), which
lie in -o or the current folder. Private networks are refused unless the config file allows them; proxies are not used.

The paths of the results are printed on standard output, one a line; everything else on standard error. What is not
said here comes from the config file.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words; what is None afterwards was not said, and the config file decides."""
    parser = commands.add_parser(
        "cutout",
        help="cut the people out of pictures",
        description="Cuts the people out of pictures.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="a picture, a folder with pictures, or an address (https://...)"
    )
    parser.add_argument(
        "-o", "--output", type=_folder, metavar="FOLDER", help="where results go (default: beside the picture)"
    )
    parser.add_argument(
        "--want", action="extend", type=_words, metavar="WHAT", help=f"{', '.join(WANTS)}; several with commas"
    )
    parser.add_argument("--format", choices=FORMATS, help="of cut-outs and composites; a cut-out is never JPEG")
    parser.add_argument("--background", metavar="COLOUR|FILE", help='of composites: white, "#3366cc", a picture')
    parser.add_argument("--network", metavar="auto|NAME", help="the matting network; `bshm models list` shows them")
    parser.add_argument("--people", type=_people, metavar="|".join(PEOPLE) + "|N", help="whom to cut out")
    parser.add_argument("--binary", action="store_true", help="hard edges: every pixel is a person's or not")
    parser.add_argument("--report", action="store_true", help="write what was found and done as NAME.report.json")
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument(
        "--overwrite", dest="existing", action="store_const", const="overwrite", help="replace results that exist"
    )
    existing.add_argument(
        "--skip",
        dest="existing",
        action="store_const",
        const="skip",
        help="keep results that exist, write what is missing",
    )


def run(args: argparse.Namespace) -> int:
    """Cuts out what the words name. Returns 0, or the worst exit code of what failed."""
    started = time.monotonic()
    wanted = _wanted(args)
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
            _cut_out(tasks, wanted, tally)
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
            for warning in outcome.report.warnings:
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
    from engine.pictures.decode import decode

    limits = wanted.settings.limits
    picture = decode(read_file(source.path, limits), limits, source.name)
    return Loaded(picture, partial(wanted.write, files=results, source=source.path))


def _load_link(address: str, folder: Path, wanted: Wanted) -> Loaded | None:
    """Its place is known only when the server has named the picture."""
    from daemon.batch import Loaded
    from daemon.links import fetch
    from daemon.thumbnails import thumbnail_warning
    from engine.pictures.decode import decode

    limits = wanted.settings.limits
    fetched = fetch(address, limits, wanted.settings.links)
    results = wanted.files(place_link(fetched.name, address, folder))
    if not results:
        return None
    picture = decode(fetched.data, limits, shown(fetched.address))
    warning = thumbnail_warning(fetched.address, picture.size)
    if warning:
        picture = replace(picture, notes=(*picture.notes, warning))
    return Loaded(picture, partial(wanted.write, files=results, source=fetched.address))


def _cut_out(tasks: Sequence[Task], wanted: Wanted, tally: Tally) -> None:
    from daemon.batch import cut_out_all
    from daemon.progress import progress
    from engine import Engine
    from engine.types import Options

    settings = wanted.settings
    options = Options(settings.network, settings.people, settings.quality, "crisp" if wanted.binary else "soft")
    with progress(len(tasks)) as advance:
        engine = Engine(settings)
        complain(f"Networks run on {engine.device}.")
        for outcome in cut_out_all(tasks, lambda picture: engine.cut_out(picture, options)):
            tally.take(outcome)
            advance(outcome)


def _wanted(args: argparse.Namespace) -> Wanted:
    """The config file with the words that were said. Raises UsageError."""
    settings = load_settings(args.config)
    said = {key: getattr(args, key) for key in ("want", "format", "background", "network", "people")}
    said = {key: value for key, value in said.items() if value is not None}
    if "want" in said:
        said["want"] = tuple(dict.fromkeys(said["want"]))
    for key, value in said.items():
        check, words = CHECKS[key]
        if not check(value):
            raise UsageError(f"--{key} cannot be '{','.join(value) if key == 'want' else value}'", f"it is {words}")
    settings = replace(settings, **said)
    if "background" in said and "composite" not in settings.want:
        raise UsageError("--background is for composites, and none is asked for", remedy="Add --want composite")
    config = args.config or config_path()
    with written_in(None if "network" in said else config):
        check_network(settings)
    with written_in(None if "background" in said else config):
        background = read_background(settings) if "composite" in settings.want else None
    return Wanted(settings, args.binary, args.report, background, args.existing or "refuse")


def _words(text: str) -> list[str]:
    return text.split(",")


def _folder(text: str) -> Path:
    if not text:  # an empty variable in a script; Path("") would be the current folder
        raise argparse.ArgumentTypeError("the folder has no name")
    return Path(text)


def _people(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdecimal() else text
