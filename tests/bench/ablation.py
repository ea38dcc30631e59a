"""What each stage of the chain gains and costs: the engine with one stage off, in turn, beside the whole chain; and the
chain with each matting network alone.

    .venv/bin/python -m tests.bench.ablation CASES [--per N] [--quality fast|balanced|best]

Success (in points), IoU and milliseconds a picture are differences: what the stage brings is what is lost without it,
so that +3 points and +200 ms say that it gains three points and costs 200 ms. A stage is off where its function is
replaced by one that hands on what it was given; the engine itself has no switch for it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from engine import Engine, Settings, mattes, pipeline, routes
from engine.crops import size_of
from engine.models import choice
from engine.people import find
from engine.people.subjects import choose_subjects
from engine.quality import QUALITY
from engine.settings import QUALITIES
from engine.types import Crop, Matte, Options, Person, Picture
from tests.bench.cases import Case, cases_of
from tests.bench.measures import measured
from tests.bench.quality import Run, by_rung, cut, of_middle, summary

WHOLE = "whole chain"


class Off(NamedTuple):
    """Where a stage's function is, or the list that it reads, and what stands in for it."""

    module: Any
    name: str
    instead: Any


def _first(given: Any, *_more: Any) -> Any:
    return given


def _second(_one: Any, given: Any, *_more: Any) -> Any:
    return given


def _third(_one: Any, _two: Any, given: Any) -> Any:
    return given


def _unconfirmed(_networks: Any, candidates: tuple[find.Candidate, ...], _picture: Any) -> tuple[Person, ...]:
    return tuple(each.person for each in candidates)


def _everybody(people: tuple[Person, ...], picture: Any, wanted: str | int) -> tuple[Person, ...]:
    return choose_subjects(people, picture, "all" if wanted == "auto" else wanted)


def _one_look(networks: Any, passes: Any, picture: Any, _mirrored: bool, sole: bool) -> tuple[Matte, ...]:
    return mattes.looks_at(networks, passes[:1], picture, False, sole)


def _not_mirrored(networks: Any, passes: Any, picture: Any, _mirrored: bool, sole: bool) -> tuple[Matte, ...]:
    return mattes.looks_at(networks, passes, picture, False, sole)


def _plain_mean(looks: Sequence[Matte]) -> Matte:
    return np.asarray(np.mean(looks, axis=0), np.float32)


def _enlarged(matte: Matte, _working: Any, crop: Any) -> Matte:
    return mattes.resized_matte(matte, size_of(crop))


# In the chain's order.
STAGES: dict[str, tuple[Off, ...]] = {
    "find: pixels added": (Off(find, "_with_enough_pixels", _second),),
    "find: tiles": (Off(find, "_look_at_tiles", lambda *_: iter(())),),
    "find: second detector": (
        Off(choice, "PREFERENCE", {**choice.PREFERENCE, "people": choice.PREFERENCE["people"][:1]}),
    ),
    "confirm": (Off(pipeline, "confirm", _unconfirmed),),
    "passers-by": (Off(pipeline, "choose_subjects", _everybody),),
    "crops": (Off(routes, "crop_around", lambda _box, frame: Crop(0, 0, *frame)),),
    "cut crops grown": (Off(pipeline, "grown", _first),),
    "super-resolution": (Off(mattes, "upscale", _third),),
    "several looks": (Off(pipeline, "looks_at", _one_look),),
    "looks in the mirror": (Off(pipeline, "looks_at", _not_mirrored),),
    "lost looks left out": (Off(mattes, "_of_one_body", lambda looks: tuple(matte for _, matte in looks)),),
    "looks decided": (Off(pipeline, "fused", _plain_mean),),
    "strangers dropped": (Off(pipeline, "without_strangers", _first),),
    "refinement": (Off(pipeline, "refine", _enlarged),),
    "haze dropped": (Off(pipeline, "without_haze", _first),),
    "crops faded": (Off(pipeline, "faded", _first),),
}


@contextmanager
def without(stage: str) -> Iterator[None]:
    """The engine without a stage of STAGES."""
    with ExitStack() as replaced:
        for each in STAGES[stage]:
            replaced.enter_context(patch.object(each.module, each.name, each.instead))
        yield


def stages_of(quality: str) -> list[str]:
    """The stages that a quality has."""
    has = QUALITY[quality]
    idle = set() if has.mirrored else {"looks in the mirror"}
    if has.passes == 1:
        idle |= {"several looks", "lost looks left out"}
    return [each for each in STAGES if each not in idle]


def measure(engine: Engine, cases: Sequence[Case], quality: str) -> dict[str, list[Run]]:
    """The runs of the whole chain, of the chain without each stage, and with each network alone, in this order. They
    take turns picture by picture, so that whatever else the machine does troubles each alike."""
    stages, networks = stages_of(quality), choice.PREFERENCE["matte"]
    runs: dict[str, list[Run]] = {name: [] for name in (WHOLE, *stages, *(f"{each} alone" for each in networks))}
    for number, case in enumerate(cases):
        photo, truth = case.photo(), case.alpha()
        if not number:
            cut(engine, photo, Options(quality=quality))  # networks are loaded when they are first needed

        def run(name: str, options: Options, case: Case = case, photo: Picture = photo, truth: Matte = truth) -> None:
            matte, seconds = cut(engine, photo, options)
            runs[name].append(Run(case.rung, measured(matte, truth), seconds))

        run(WHOLE, Options(quality=quality))
        for stage in stages:
            with without(stage):
                run(stage, Options(quality=quality))
        for each in networks:
            run(f"{each} alone", Options(network=each, quality=quality))
    return runs


class _Column(NamedTuple):
    """A figure of several runs: how it is called, reckoned, and written for the whole chain and as a difference."""

    title: str
    of: Callable[[Sequence[Run]], float]
    whole: str
    gained: str


_COLUMNS = (
    _Column("success, and points gained", lambda runs: 100 * summary(runs)[0].success, "{:.1f} %", "{:+.1f}"),
    _Column("IoU, and what of it is gained", lambda runs: summary(runs)[0].iou, "{:.3f}", "{:+.3f}"),
    _Column(
        "SAD, and what the stage adds to it (less is better)", lambda runs: summary(runs)[0].sad, "{:.2f}", "{:+.3f}"
    ),
    _Column("milliseconds, and those that it costs", lambda runs: 1000 * summary(runs)[1], "{:.0f}", "{:+.0f}"),
)


def table_of(figure: _Column, runs: Mapping[str, Sequence[Run]]) -> Table:
    """A row for the whole chain, one for each stage and network: what the chain has more than it has without."""
    rungs = {name: {"middle": of_middle(each), **by_rung(each), "all": each} for name, each in runs.items()}
    shown = [rung for rung, each in rungs[WHOLE].items() if each]
    table = Table(title=figure.title, title_justify="left", box=None)
    table.add_column("stage")
    for rung in shown:
        table.add_column(rung, justify="right")
    whole = {rung: figure.of(rungs[WHOLE][rung]) for rung in shown}
    for name, row in rungs.items():
        if name == WHOLE:
            table.add_row(name, *(figure.whole.format(value) for value in whole.values()))
        else:
            table.add_row(name, *(figure.gained.format(whole[rung] - figure.of(row[rung])) for rung in shown))
    return table


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description="What each stage gains and costs")
    parser.add_argument("cases", type=Path)
    parser.add_argument("--per", type=int, help="at most this many pictures a rung")
    parser.add_argument("--quality", choices=QUALITIES, default=Options.quality)
    args = parser.parse_args()
    runs = measure(Engine(Settings(licences="all")), cases_of(args.cases, args.per), args.quality)
    for figure in _COLUMNS:
        Console(width=220).print(table_of(figure, runs), "")


if __name__ == "__main__":
    main()
