"""How good mattes are, network by network, on pictures whose alpha is known.

    .venv/bin/python -m tests.bench.quality CASES [--network auto --network bshm ...]

CASES/pictures/KIND/NAME.* are the photos, CASES/truth/KIND/NAME.png the alphas, as grey pictures of the same size. Per
kind and network it prints how many mattes succeed, in percent, and the mean IoU: of alpha over 0.5, where 0.90 is a
success; where the truth is empty, the matte must be so too, but for 0.1 % of the frame.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.table import Table

from engine import Engine, Settings
from engine.pictures.decode import decode
from engine.settings import Limits
from engine.types import Options

_SUCCESS = 0.90
_EMPTY = 0.001

Mask = npt.NDArray[np.bool_]


def pairs(cases: Path) -> Iterator[tuple[str, Path, Path]]:
    """Kind, picture and truth of each case."""
    for truth in sorted(cases.glob("truth/*/*.png")):
        (picture,) = (cases / "pictures" / truth.parent.name).glob(f"{truth.stem}.*")
        yield truth.parent.name, picture, truth


def overlap(said: Mask, real: Mask) -> float:
    """IoU of two masks of one size; 1 or 0 where nobody is there."""
    if not real.any():
        return float(said.mean() < _EMPTY)
    return float((said & real).sum() / (said | real).sum())


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", type=Path)
    parser.add_argument("--network", action="append", help="default: auto alone")
    args = parser.parse_args()
    names: list[str] = args.network or ["auto"]
    engine = Engine(Settings(licences="all"))
    overlaps: dict[str, dict[str, list[float]]] = {}
    for kind, picture, truth in pairs(args.cases):
        photo = decode(picture.read_bytes(), Limits(), picture.name)
        with Image.open(truth) as alpha:
            real = np.asarray(alpha.convert("L")) > 127
        for name in names:
            said = engine.cut_out(photo, Options(network=name)).matte > 0.5
            overlaps.setdefault(kind, {}).setdefault(name, []).append(overlap(said, real))
    table = Table("kind", "cases", *(f"{name}: success, IoU" for name in names), box=None)
    for kind, found in overlaps.items():
        cells = (f"{mean(each >= _SUCCESS for each in found[name]):4.0%} {mean(found[name]):.3f}" for name in names)
        table.add_row(kind, str(len(found[names[0]])), *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
