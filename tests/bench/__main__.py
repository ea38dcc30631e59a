"""Time per stage and peak memory of a warm engine, from the file's bytes to the cut-out's.

    .venv/bin/python -m tests.bench [PHOTO ...]

Without photos it takes the project's astronaut, enlarged to several sizes. Times are medians of three runs after one to
warm up, in milliseconds; memory is the process's peak resident size so far, in MB (the sizes grow, so each row shows
its own).
"""

from __future__ import annotations

import argparse
import io
import resource
import statistics
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from PIL import Image
from rich.console import Console
from rich.table import Table

from engine import Engine, Settings
from engine.pictures.decode import decode
from engine.pictures.encode import encode_cutout
from engine.settings import Limits

_ASTRONAUT = Path(__file__).parents[2] / "docs" / "images" / "astronaut.jpg"
_MEGAPIXELS = (0.12, 2, 12, 24)
_RUNS = 3
_STAGES = ("decode", "people", "matte", "refine", "compose", "foreground", "encode")


def enlarged(photo: Path) -> Iterator[tuple[str, bytes]]:
    """The photo as JPEG files of several sizes, named by their megapixels."""
    with Image.open(photo) as picture:
        rgb = picture.convert("RGB")
    for megapixels in _MEGAPIXELS:
        scale = (megapixels * 1e6 / (rgb.width * rgb.height)) ** 0.5
        stream = io.BytesIO()
        rgb.resize((round(rgb.width * scale), round(rgb.height * scale))).save(stream, "JPEG", quality=92)
        yield f"{photo.stem}, {megapixels} MP", stream.getvalue()


def measure(engine: Engine, name: str, data: bytes) -> dict[str, float]:
    """Milliseconds of each stage, once."""
    start = perf_counter()
    picture = decode(data, Limits(), name)
    decoded = perf_counter()
    cut = engine.cut_out(picture)
    done = perf_counter()
    encode_cutout(cut, "png")
    encoded = (perf_counter() - done) * 1000
    return {"decode": (decoded - start) * 1000, **cut.report.milliseconds, "encode": encoded}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Time per stage of a warm engine")
    parser.add_argument("photos", nargs="*", type=Path)
    photos = parser.parse_args().photos
    inputs = [(each.name, each.read_bytes()) for each in photos] if photos else enlarged(_ASTRONAUT)
    engine = Engine(Settings())
    table = Table(title=f"Milliseconds per stage, warm engine, {engine.device}")
    for heading in ("picture", *_STAGES, "together", "peak MB"):
        table.add_column(heading, justify="left" if heading == "picture" else "right")
    for name, data in inputs:
        runs = [measure(engine, name, data) for _ in range(_RUNS + 1)][1:]
        row = {stage: statistics.median(run.get(stage, 0.0) for run in runs) for stage in _STAGES}
        together = statistics.median(sum(run.values()) for run in runs)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        table.add_row(name, *(f"{row[stage]:.0f}" for stage in _STAGES), f"{together:.0f}", f"{peak:.0f}")
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
