"""Memory that networks' runs and pictures take, measured; and what the catalogue and engine.estimate say of it.

    .venv/bin/python -m tests.bench.memory [networks | pictures]

Each figure is in MB, and is what a process took more at its peak (tests.engine.peaks) in the environment of the worker
process: the most of three for runs, which take turns with the smallest; once for pictures, from file to result.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

from rich.console import Console
from rich.table import Table

from engine.estimate import largest_run, run_bytes
from engine.memory import WORKER_ENVIRONMENT
from engine.models.catalogue import NETWORKS
from engine.models.store import Store
from engine.runtimes.onnx import OnnxRuntime
from engine.types import Size
from tests.bench.batches import tensor_of
from tests.engine.peaks import Case, peak

_MB = 1e6
_TIMES = 3

# Sides of squares: those in use, and on to memory.longest_side as far as it takes under 4 GB.
_SIDES = {
    "modnet": (192, 256, 320, 384, 448, 512, 1024, 2560),
    "rvm": (192, 224, 256, 320, 384, 512, 1024, 2560),
    "span": (64, 96, 128, 192, 256, 320, 360, 512, 1024),
    "u2netp": (320,),
    "centernet": (512,),
    "nanodet": (416,),
}

_CASES = (
    Case(0.12),
    Case(2),
    Case(12),
    Case(24),
    Case(12, noise=255),
    Case(12, "PNG", alpha=True, form="webp"),
    Case(12, "PNG", 16, alpha=True),
    Case(12, "WEBP", want="composite", form="jpeg", noise=0),
    Case(12, "TIFF", want="matte"),
)


def networks() -> None:
    """Prints what runs take."""
    runtime, store = OnnxRuntime(0), Store()
    table = Table(title=f"MB that a run takes, {runtime.device}")
    for heading in ("network", "sees", "takes", "bytes a pixel", "catalogue"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for name, sides in _SIDES.items():
        network = NETWORKS[name]
        session = runtime.load(network, store.path(network))
        smallest = tensor_of(network, Size(sides[0], sides[0]), 1)
        for side in sides:
            tensor = tensor_of(network, Size(side, side), 1)
            taken = []
            for _ in range(_TIMES):
                session.run(smallest)
                taken.append(peak(partial(session.run, tensor)))
            most = max(taken) + tensor.nbytes
            said = run_bytes(network, side**2)
            table.add_row(name, f"{side} x {side}", f"{most / _MB:.0f}", f"{most / side**2:.0f}", f"{said / _MB:.0f}")
    Console(width=140).print(table)


def pictures() -> None:
    """Prints what pictures take."""
    table = Table(
        title=f"MB that a picture takes; runs of networks take up to {largest_run(NETWORKS.values()) / _MB:.0f}"
    )
    for heading in ("picture", "result", "takes", "arrays, by the estimate"):
        table.add_column(heading, justify="left" if heading in ("picture", "result") else "right")
    asked = [json.dumps(asdict(each)) for each in _CASES]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.engine.peaks", *asked], capture_output=True, text=True, check=True
    )
    for each, line in zip(_CASES, map(json.loads, ran.stdout.splitlines()), strict=True):
        alpha = ", alpha" if each.alpha else ""
        table.add_row(
            f"{each.megapixels:g} MP, {each.kind}, {each.bits} bits{alpha}, noise {each.noise}",
            f"{each.want}, {each.form}",
            f"{line['taken'] / _MB:.0f}",
            f"{line['estimated'] / _MB:.0f} ({line['estimated'] / line['taken']:.2f})",
        )
    Console(width=140).print(table)


_TABLES = {"networks": networks, "pictures": pictures}


def main(names: list[str], environment: Mapping[str, str]) -> None:
    """Prints the tables, in a process whose C library was told how to behave before it began."""
    if WORKER_ENVIRONMENT.items() <= environment.items():
        for name in names or _TABLES:
            _TABLES[name]()
    else:
        command = [sys.executable, "-m", "tests.bench.memory", *names]
        subprocess.run(command, env={**environment, **WORKER_ENVIRONMENT}, check=True)


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
