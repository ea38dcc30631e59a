"""How well people are found: recall and false finds, by their height, in groups, at the frame's edge, where nobody is.

    .venv/bin/python -m tests.bench.people CASES [--people FOLDER] [--per N] [--seed N]

The people of CASES (laid out as tests.bench.cases says) are its truths' bodies: one in each picture of a share, a
height or a job; the connected parts of a crowd; nobody where it is empty. Groups are left out: who touches another is
one part there. With --people, a folder of NAME.jpg with their alphas as NAME_a.png, whole bodies best, they are pasted
into the empty pictures of CASES as well, and their boxes are known (tests.bench.composing).

A person is found when a box has an IoU of at least 0.5 with theirs; a box that finds nobody is false. Real streets have
passers-by whom the truth leaves out: there they are false finds of "all", and those of "auto" are what the rule of
passers-by lets through.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from engine import Settings
from engine.models.store import Store
from engine.networks import Networks
from engine.people.confirm import confirm
from engine.people.find import find_candidates
from engine.people.subjects import choose_subjects
from engine.runtimes.opening import open_runtime
from engine.types import Box, Matte, Person, Rgb8
from tests.bench.cases import cases_of
from tests.bench.composing import Scene, composed

_FOUND = 0.5
_SPECK = 0.1  # of the largest part's area: what is smaller is a shoe or a hole's rim, and nobody
_ALONE = ("share", "height", "job")


class Looked(NamedTuple):
    """What one picture gave: people there, and how many of them were found, false finds, and seconds."""

    people: int
    found: int
    false: int
    seconds: float


def boxes_of(rung: str, truth: Matte) -> list[Box] | None:
    """The people of a case; None where its truth does not tell them apart."""
    kind = rung.partition("-")[0]
    if kind == "empty":
        return []
    if kind not in (*_ALONE, "crowd"):
        return None
    body = (truth > 0.5).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(body, connectivity=8)
    parts = [row for row in stats[1:] if row[cv2.CC_STAT_AREA] >= _SPECK * stats[1:, cv2.CC_STAT_AREA].max()]
    boxes = [Box(float(x), float(y), float(x + width), float(y + height)) for x, y, width, height, _ in parts]
    return boxes if kind == "crowd" else [around(boxes)]


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box round boxes, of which there is one at least."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return Box(min(x0), min(y0), max(x1), max(y1))


def matched(real: Sequence[Box], said: Sequence[Box]) -> int:
    """How many people are found: pairs are made from the largest IoU on, each box once."""
    pairs = sorted(
        ((_iou(one, other), i, j) for i, one in enumerate(real) for j, other in enumerate(said)), reverse=True
    )
    people: set[int] = set()
    finds: set[int] = set()
    for iou, person, find in pairs:
        if iou >= _FOUND and person not in people and find not in finds:
            people.add(person)
            finds.add(find)
    return len(people)


def _iou(one: Box, other: Box) -> float:
    shared = one.shared_with(other)
    return shared / (one.area + other.area - shared) if shared else 0.0


def look(networks: Networks, picture: Rgb8, real: Sequence[Box], wanted: str) -> Looked:
    """What the engine finds in a picture [H, W, 3] RGB when it is asked for people: `wanted`."""
    start = perf_counter()
    candidates = find_candidates(networks, picture, thorough=wanted == "all")
    said = _boxes(choose_subjects(confirm(networks, candidates, picture), picture, wanted))
    seconds, found = perf_counter() - start, matched(real, said)
    return Looked(len(real), found, len(said) - found, seconds)


def _boxes(people: Iterable[Person]) -> list[Box]:
    return [each.box for each in people]


def scenes_of(folder: Path, people: Path | None, per: int | None, seed: int) -> Iterator[Scene]:
    """The cases whose people are known, one after the other; then what is composed of `people`."""
    cases = cases_of(folder, per)
    for case in cases:
        boxes = boxes_of(case.rung, case.alpha())
        if boxes is not None:
            yield Scene(case.rung, case.photo().rgb8, tuple(boxes))
    if people is not None:
        nobody = [case.photo().rgb8 for case in cases_of(folder) if case.rung == "empty"]
        yield from composed(people, nobody, per or len(nobody), seed)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Recall and false finds of finding people")
    parser.add_argument("cases", type=Path)
    parser.add_argument(
        "--people", type=Path, help="NAME.jpg with NAME_a.png: compose pictures of these people as well"
    )
    parser.add_argument("--per", type=int, help="at most this many pictures a rung; of composed ones by default 10")
    parser.add_argument("--seed", type=int, default=7, help="of what is composed")
    args = parser.parse_args()
    settings = Settings(licences="all")
    networks = Networks(open_runtime(settings), Store(), settings)
    looks: dict[str, dict[str, list[Looked]]] = {}
    for number, scene in enumerate(scenes_of(args.cases, args.people, args.per, args.seed)):
        for wanted in ("all", "auto"):
            if not number:
                look(networks, scene.picture, scene.people, wanted)  # networks are loaded when they are first needed
            looked = look(networks, scene.picture, scene.people, wanted)
            looks.setdefault(scene.kind, {}).setdefault(wanted, []).append(looked)
    Console(width=140).print(table_of(looks))


def table_of(looks: dict[str, dict[str, list[Looked]]]) -> Table:
    """A row for each kind of picture; false finds are counted, over all its pictures."""
    table = Table(box=None)
    table.add_column("kind")
    for heading in ("pictures", "people", *(f"{one}: {each}" for one in ("all", "auto") for each in _FIGURES)):
        table.add_column(heading, justify="right")
    for kind, by_wanted in looks.items():
        cells: list[str] = []
        for looked in by_wanted.values():
            people, found, false, seconds = (sum(each) for each in zip(*looked, strict=True))
            recall = f"{found / people:.1%}" if people else "-"
            cells += [recall, str(false), f"{seconds / len(looked):.2f}"]
        table.add_row(kind, str(len(looked)), str(people), *cells)
    return table


_FIGURES = ("recall", "false finds", "seconds")

if __name__ == "__main__":
    main()
