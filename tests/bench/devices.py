"""Networks on PyTorch's devices beside ONNX Runtime on the processor: time, memory, batches, the catalogue's lines.

    .venv/bin/python -m tests.bench.devices [--device cuda] [--runs 5] [--networks rvm,modnet] [--longest 1024]

Times are medians of runs on the same noise, in milliseconds a picture. Memory is the most that a run took beside the
loaded network, in MB: on a GPU as PyTorch's allocator counts it, on the processor as the process's size tells it. The
last lines are the catalogue's `memory` for the precision that the runtime takes there.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

import torch
from rich.console import Console
from rich.table import Table

from engine.memory import WORKER_ENVIRONMENT
from engine.models.catalogue import NETWORKS, Network
from engine.models.store import Store
from engine.runtimes import Tensor
from engine.runtimes.onnx import OnnxRuntime
from engine.runtimes.torch.devices import open_device
from engine.runtimes.torch.precision import FULL, Precision
from engine.runtimes.torch.runtime import ON_CUDA, TorchRuntime
from engine.runtimes.torch.session import is_shortage
from engine.types import Size
from tests.bench.batches import tensor_of
from tests.engine.peaks import peak
from tests.engine.runtimes.torch.pictures import program_of

_MB = 1e6
_BATCHES = (1, 2, 4, 8)
_SIDE_OF_BATCHES = 320
_COLUMNS: Mapping[str, Precision] = {
    "float32": FULL,
    "float32, channels last": Precision(channels_last=True),
    "float16": Precision(half=True),
    "float16, channels last": Precision(half=True, channels_last=True),
}


@dataclass(frozen=True)
class Cost:
    """Of a run. milliseconds: a picture. bytes: beside the loaded network."""

    milliseconds: float
    bytes: int


def cost(run: Callable[[], object], device: torch.device, runs: int, batch: int) -> Cost | None:
    """None: memory ran out."""
    try:
        run()
        taken = peak_on(device, run)
        spent = []
        for _ in range(runs):
            start = perf_counter()
            run()
            spent.append((perf_counter() - start) * 1000 / batch)
    except MemoryError:
        return None
    except RuntimeError as error:
        if not is_shortage(error):
            raise
        return None
    return Cost(statistics.median(spent), taken)


def peak_on(device: torch.device, run: Callable[[], object]) -> int:
    """The most bytes that a run took on a device."""
    if device.type != "cuda":
        return peak(run)
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    run()
    return int(torch.cuda.max_memory_allocated(device) - before)


def on_torch(network: Network, precision: Precision, device: torch.device) -> Callable[[Tensor], object]:
    """A run of a network; what it gives comes back to the processor's memory, so it has ended by then."""
    program = program_of(network, Store().path(network), precision, str(device))
    return lambda tensor: program.run(torch.from_numpy(tensor))


def row(name: str, what: str, found: list[Cost | None]) -> list[str]:
    shown = [f"{each.milliseconds:.1f} / {each.bytes / _MB:.0f}" if each else "no memory" for each in found]
    return [name, what, *shown]


def measure(
    network: Network, device: torch.device, precisions: Mapping[str, Precision], runs: int, longest: int
) -> Table:
    """One network's table, by size, then by batch."""
    table = Table(title=f"{network.name}: ms a picture / MB that a run takes")
    for heading in ("sees", "batch", "ONNX Runtime, processor", *precisions):
        table.add_column(heading, justify="right")
    cases = [(side, 1) for side, _ in network.memory if side <= longest]
    if network.task == "matte":
        cases += [(_SIDE_OF_BATCHES, batch) for batch in _BATCHES]
    theirs = OnnxRuntime(0).load(network, Store().path(network))
    ours = {key: on_torch(network, each, device) for key, each in precisions.items()}
    for side, batch in dict.fromkeys(cases):
        tensor = tensor_of(network, Size(side, side), batch)
        found = [cost(lambda: theirs.run(tensor), torch.device("cpu"), runs, batch)]  # noqa: B023  # called at once
        found += [cost(lambda: run(tensor), device, runs, batch) for run in ours.values()]  # noqa: B023
        table.add_row(*row(f"{side} x {side}", str(batch), found))
    return table


def coefficients(network: Network, device: torch.device, longest: int) -> str:
    """The catalogue's line: what a run takes by the side of its square, rounded up, the input's copy counted in."""
    precision = ON_CUDA.get(network.name, FULL) if device.type == "cuda" else FULL
    run = on_torch(network, precision, device)
    pairs = []
    for side in (side for side, _ in network.memory if side <= longest):
        tensor = tensor_of(network, Size(side, side), 1)
        found = cost(lambda: run(tensor), device, 1, 1)  # noqa: B023  # called at once
        if found is None:
            break
        pairs.append((side, -(-(found.bytes + tensor.nbytes) // 10**6)))
    inside = ", ".join(f"({side}, {megabytes})" for side, megabytes in pairs)
    return f"{network.name}: memory=({inside}{',' if len(pairs) == 1 else ''}),"


def main() -> None:
    """Prints the tables and the catalogue's lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--networks", default=",".join(name for name, each in NETWORKS.items() if each.default))
    parser.add_argument("--longest", type=int, default=2560, help="the longest side to try, in pixels")
    options = parser.parse_args()
    if not WORKER_ENVIRONMENT.items() <= os.environ.items():  # the C library reads it as the process begins
        command = [sys.executable, "-m", "tests.bench.devices", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env={**os.environ, **WORKER_ENVIRONMENT}).returncode)
    device = open_device(options.device)
    console = Console(width=140)
    console.print(f"{TorchRuntime(options.device, 1).device}; {OnnxRuntime(0).device}")
    precisions = _COLUMNS if device.type == "cuda" else {key: each for key, each in _COLUMNS.items() if not each.half}
    networks = [NETWORKS[name] for name in options.networks.split(",")]
    for network in networks:
        console.print(measure(network, device, precisions, options.runs, options.longest))
    for network in networks:
        console.print(coefficients(network, device, options.longest), highlight=False)


if __name__ == "__main__":
    main()
