"""What a batch gains: milliseconds a picture of the matting networks, alone and several at once.

    .venv/bin/python -m tests.bench.batches [RUNS]

Medians of runs that take turns, so that whatever else the machine does troubles each batch alike. `batch` in the
catalogue is the smallest that gains clearly, since each picture of a batch waits for all of it. The files of the other
networks take one picture alone.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

from engine.models.catalogue import NETWORKS, Network
from engine.models.store import Store
from engine.runtimes import Session, Tensor
from engine.runtimes.onnx import OnnxRuntime
from engine.types import Size

_BATCHES = (1, 2, 3, 4)

# Sizes in use: engine.routes and engine.people.confirm say which; upright portraits and squares.
_SIZES = {
    "modnet": (Size(256, 256), Size(320, 448), Size(384, 384), Size(448, 448)),
    "rvm": (Size(192, 192), Size(224, 224), Size(256, 320), Size(320, 320)),
}


def tensor_of(network: Network, size: Size, batch: int) -> Tensor:
    """Noise of the shape that a network takes, within the values it was trained on."""
    height, width = size.height, size.width
    shape = (batch, 3, height, width) if network.tensors.layout == "NCHW" else (batch, height, width, 3)
    return np.random.default_rng(0).random(shape, np.float32)


def measure(session: Session, tensors: Sequence[Tensor], runs: int) -> list[list[float]]:
    """Milliseconds a picture of each run of each tensor, which take turns."""
    spent: list[list[float]] = [[] for _ in tensors]
    for turn in range(runs + 1):
        for each, tensor in zip(spent, tensors, strict=True):
            start = perf_counter()
            session.run(tensor)
            if turn:
                each.append((perf_counter() - start) * 1000 / len(tensor))
    return spent


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Milliseconds a picture, alone and in batches")
    parser.add_argument("runs", nargs="?", type=int, default=9)
    count = parser.parse_args().runs
    runtime, store = OnnxRuntime(0), Store()
    table = Table(title=f"Milliseconds a picture, medians of {count}, {runtime.device}")
    for heading in ("network", "sees", "alone", *(f"batch of {each}" for each in _BATCHES[1:]), "catalogue"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for name, sizes in _SIZES.items():
        network = NETWORKS[name]
        session = runtime.load(network, store.path(network))
        for size in sizes:
            runs = measure(session, [tensor_of(network, size, batch) for batch in _BATCHES], count)
            alone, *others = (statistics.median(each) for each in runs)
            gains = (f"{each:.1f} ({100 * (each / alone - 1):+.0f} %)" for each in others)
            table.add_row(name, f"{size.width} x {size.height}", f"{alone:.1f}", *gains, str(network.batch))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
