"""The words of `bshm cutout`, and what they ask for together with the config file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path

from daemon.chosen import check_network, read_background, written_in
from daemon.results import Wanted
from engine.config_file import config_path, load_settings
from engine.errors import UsageError
from engine.settings import CHECKS, FORMATS, PEOPLE, QUALITIES, WANTS
from engine.types import Point

_EPILOG = """\
Results are NAME.cutout.png, NAME.matte.png, NAME.composite.png, NAME.report.json, beside the picture or below -o.
Pictures themselves are never written.

-o mirrors the folders that are named; pictures that are named themselves have their results flat in it. Of one name
(x/a.jpg, y/a.jpg) they are kept apart within a run, but not from what an earlier run wrote: --skip would leave out
y/a.jpg where x/a.jpg was cut out before, --overwrite replace its results. Name the folder above, or an -o for each.

Pictures by address have a short hash of the address in the names of their results (NAME.1a2b3c4d.cutout.png), which
lie in -o or the current folder. Private networks are refused unless the config file allows them; proxies are not used.

Where `bshm engine` is running with the same settings, it does the work, and this command starts at once.
A single picture goes before those of runs with many: a person waits for it.

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
    parser.add_argument(
        "--at",
        action="append",
        type=_point,
        metavar="X,Y",
        help="cut out who is at this pixel, and nobody else; may be said several times",
    )
    parser.add_argument("--quality", choices=QUALITIES, help="looks at each person: one, several (default), or many")
    parser.add_argument("--binary", action="store_true", help="hard edges: every pixel is a person's or not")
    parser.add_argument(
        "--threshold",
        type=_number,
        metavar="T",
        help="of --binary: from which alpha on a pixel is a person's (default: 0.5; for small people 0.3)",
    )
    parser.add_argument("--report", action="store_true", help="write what was found and done as NAME.report.json")
    parser.add_argument(
        "--in-process", action="store_true", help="run the networks here, also where the resident engine is running"
    )
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


def wanted_by(args: argparse.Namespace) -> Wanted:
    """The config file with the words that were said. Raises UsageError."""
    settings = load_settings(args.config)
    said = {key: getattr(args, key) for key in ("want", "format", "background", "network", "people", "quality")}
    said = {key: value for key, value in said.items() if value is not None}
    if "want" in said:
        said["want"] = tuple(dict.fromkeys(said["want"]))
    for key, value in said.items():
        check, words = CHECKS[key]
        if not check(value):
            raise UsageError(f"--{key} cannot be '{','.join(value) if key == 'want' else value}'", f"it is {words}")
    at = _points(args.at or [], said.get("people"))
    settings = replace(settings, **({**said, "people": "all"} if at else said))
    if args.threshold is not None:
        if not isinstance(args.threshold, float) or not 0 < args.threshold < 1:
            raise UsageError(f"--threshold cannot be '{args.threshold}'", "it is a number above 0 and below 1")
        if not args.binary:
            raise UsageError("--threshold is for hard edges, and none are asked for", remedy="Add --binary")
    if "background" in said and "composite" not in settings.want:
        raise UsageError("--background is for composites, and none is asked for", remedy="Add --want composite")
    config = args.config or config_path()
    with written_in(None if "network" in said else config):
        check_network(settings)
    with written_in(None if "background" in said else config):
        background = read_background(settings) if "composite" in settings.want else None
    return Wanted(settings, args.binary, args.threshold, args.report, background, args.existing or "refuse", at)


def _points(said: Sequence[Point | str], people: str | int | None) -> tuple[Point, ...]:
    """The points that were said, beside these words of --people, or none. Raises UsageError."""
    for each in said:
        if isinstance(each, str):
            raise UsageError(f"--at cannot be '{each}'", "it is a point X,Y in the picture's pixels, like 120,85")
    if said and people not in (None, "all"):
        raise UsageError(f"--people cannot be '{people}' beside --at", "points say whom to cut out", "Leave it out")
    return tuple(each for each in said if not isinstance(each, str))


def _words(text: str) -> list[str]:
    return text.split(",")


def _folder(text: str) -> Path:
    if not text:  # an empty variable in a script; Path("") would be the current folder
        raise argparse.ArgumentTypeError("the folder has no name")
    return Path(text)


def _people(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdecimal() else text


def _point(text: str) -> Point | str:
    try:
        x, y = (float(each) for each in text.split(","))
    except ValueError:
        return text
    return (x, y) if isfinite(x) and isfinite(y) and min(x, y) >= 0 else text


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
