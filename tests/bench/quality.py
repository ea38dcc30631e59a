"""How good mattes are on pictures whose alpha is known, rung by rung, and how long they take.

    .venv/bin/python -m tests.bench.quality CASES [--quality fast --quality balanced --quality best]
        [--network auto --network rvm ...] [--per N] [--json FILE]

CASES is laid out as tests.bench.cases says, the measures are those of tests.bench.measures. Seconds a picture are those
of Engine.cut_out, warm, without reading and writing files. The columns under "edge" are of the band round the truth's
edge. Without --quality and --network it measures what the engine does when nothing is asked for.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from engine import Engine, Settings
from engine.settings import QUALITIES
from engine.types import Matte, Options, Picture
from tests.bench.cases import MIDDLE, cases_of
from tests.bench.measures import Measured, mean_of, measured

_HEADINGS = ("success", "IoU", "SAD", "MSE", "grad", "conn", "edge SAD", "MSE", "grad", "conn")
_PLACES = {"success": "{:.1%}", "iou": "{:.3f}"}


class Run(NamedTuple):
    """One picture's outcome."""

    rung: str
    measures: Measured
    seconds: float


def cut(engine: Engine, photo: Picture, options: Options) -> tuple[Matte, float]:
    """The matte of a photo and the seconds that it took."""
    start = perf_counter()
    matte = engine.cut_out(photo, options).matte
    return matte, perf_counter() - start


def by_rung(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs of each rung, in their order."""
    rungs: dict[str, list[Run]] = {}
    for each in runs:
        rungs.setdefault(each.rung, []).append(each)
    return rungs


def of_middle(runs: Sequence[Run]) -> list[Run]:
    """The runs of the rungs that are judged together."""
    return [each for each in runs if each.rung in MIDDLE]


def summary(runs: Sequence[Run]) -> tuple[Measured, float]:
    """The means over runs: of the measures, and the seconds a picture."""
    return mean_of([each.measures for each in runs]), fmean(each.seconds for each in runs)


def lowest(runs: Sequence[Run]) -> tuple[str, float]:
    """The middle rung with the least success, and that success, 0..1; at least one middle rung must be there."""
    successes = {rung: summary(each)[0].success for rung, each in by_rung(of_middle(runs)).items()}
    rung = min(successes, key=lambda name: successes[name])
    return rung, successes[rung]


def table_of(title: str, runs: Sequence[Run]) -> Table:
    """A row for each rung, one for the middle rungs, one for all."""
    table = Table(title=title, title_justify="left", box=None)
    for heading in ("rung", "cases", *_HEADINGS, "seconds"):
        table.add_column(heading, justify="left" if heading == "rung" else "right")
    rows = {**by_rung(runs), "middle rungs": of_middle(runs), "all": list(runs)}
    for rung, row in rows.items():
        if row:
            means, seconds = summary(row)
            table.add_row(rung, str(len(row)), *_cells(means), f"{seconds:.2f}")
    return table


def _cells(means: Measured) -> list[str]:
    return [
        "-" if isnan(value) else _PLACES.get(name, "{:.2f}").format(value) for name, value in means._asdict().items()
    ]


def as_json(runs: Sequence[Run]) -> Mapping[str, object]:
    """What the table says, by rung; null where a rung has no edge."""
    rows = {**by_rung(runs), "middle": of_middle(runs), "all": list(runs)}
    return {
        rung: {
            **{name: None if isnan(value) else value for name, value in summary(row)[0]._asdict().items()},
            "cases": len(row),
            "seconds": summary(row)[1],
        }
        for rung, row in rows.items()
        if row
    }


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description="How good mattes are, rung by rung")
    parser.add_argument("cases", type=Path)
    parser.add_argument("--quality", action="append", choices=QUALITIES, help="may be repeated")
    parser.add_argument("--network", action="append", help="may be repeated; default: auto")
    parser.add_argument("--per", type=int, help="at most this many pictures a rung")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    args = parser.parse_args()
    asked = [
        Options(network=network, quality=quality)
        for network in args.network or [Options.network]
        for quality in args.quality or [Options.quality]
    ]
    engine = Engine(Settings(licences="all"))
    runs: dict[Options, list[Run]] = {options: [] for options in asked}
    for case in cases_of(args.cases, args.per):
        photo, truth = case.photo(), case.alpha()
        if not any(runs.values()):
            for options in asked:
                cut(engine, photo, options)  # networks are loaded when they are first needed
        for options in asked:
            matte, seconds = cut(engine, photo, options)
            runs[options].append(Run(case.rung, measured(matte, truth), seconds))
    console = Console(width=140)
    for options, each in runs.items():
        console.print(table_of(f"quality {options.quality}, network {options.network}", each))
        if of_middle(each):
            rung, success = lowest(each)
            console.print(f"lowest of the middle rungs: {rung}, {success:.1%}\n")
    if args.json:
        figures = {f"{options.quality}, {options.network}": as_json(each) for options, each in runs.items()}
        args.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
