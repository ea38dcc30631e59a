"""What TensorFlow 1's process costs beside the same graph run by TensorFlow itself, and when it is ready.

    .venv/bin/python -m tests.bench.tf1 PYTHON GRAPH

PYTHON: with TensorFlow 1.15.5. GRAPH: of BSHM's kind. Both run on the CPU, each in a process of its own, in turns; a
figure is the median of several. "over": what a call takes beside session.run within it, so that other programs' load
on the machine does not count as its cost.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from engine.runtimes.tf1.process import Pixels, Tf1Process

_TIMES = {256: 21, 512: 15, 1024: 9, 2048: 5}
_STARTS = 5
_DEADLINE = 600.0

# For the other Python: seconds that session.run takes, for each side of a square that it is told.
_DIRECT = """
import sys, time
import numpy as np
import tensorflow.compat.v1 as tf
definition, graph = tf.GraphDef(), tf.Graph()
definition.ParseFromString(open(sys.argv[1], "rb").read())
with graph.as_default():
    tf.import_graph_def(definition, name="")
session = tf.Session(graph=graph, config=tf.ConfigProto(allow_soft_placement=True, device_count={"GPU": 0}))
for line in sys.stdin:
    side = int(line)
    picture = np.random.RandomState(side).randint(0, 256, (side, side, 3)).astype(np.uint8)
    begun = time.perf_counter()
    session.run("output_png:0", {"input_image:0": picture})
    print(time.perf_counter() - begun, flush=True)
"""


@contextmanager
def direct(python: Path, graph: Path) -> Iterator[subprocess.Popen[str]]:
    """TensorFlow itself, which is told sides of squares and answers with seconds."""
    words = [str(python), "-I", "-W", "ignore", "-c", _DIRECT, str(graph)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        yield process
        process.kill()


def seconds_of(process: subprocess.Popen[str], side: int) -> float:
    """Of one run by TensorFlow itself."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{side}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def square(side: int) -> Pixels:
    return np.random.RandomState(side).randint(0, 256, (side, side, 3)).astype(np.uint8)


def started(python: Path, graph: Path) -> Tf1Process:
    return Tf1Process(python, graph, device="cpu", fraction=0.9, growth=True)


def ready(python: Path, graph: Path) -> list[float]:
    """Seconds until a process has the graph."""
    taken = []
    for _ in range(_STARTS):
        begun = time.perf_counter()
        with started(python, graph):
            taken.append(time.perf_counter() - begun)
    return taken


def main(python: Path, graph: Path) -> None:
    """Prints the table."""
    table = Table(title=f"Milliseconds on the CPU, {graph.name}")
    for heading in ("side", "TensorFlow itself", "by its process", "session.run there", "over", "of it", "runs"):
        table.add_column(heading, justify="right")
    starts = ready(python, graph)
    with direct(python, graph) as itself, started(python, graph) as process:
        for side, times in _TIMES.items():
            picture, alone, through, inside = square(side), [], [], []
            for _ in range(times + 1):  # the first of a size takes longer
                alone.append(seconds_of(itself, side))
                begun = time.perf_counter()
                process.alpha(picture, _DEADLINE)
                through.append(time.perf_counter() - begun)
                inside.append(process.seconds)
            over = statistics.median(whole - part for whole, part in zip(through[1:], inside[1:], strict=True))
            medians = [statistics.median(each[1:]) for each in (alone, through, inside)]
            row = [f"{each * 1e3:.1f}" for each in medians]
            row = [str(side), *row, f"{over * 1e3:.2f}", f"{over / medians[2]:.2%}", str(times)]
            table.add_row(*row)
    Console(width=120).print(table)
    print(f"Ready within {max(starts):.2f} s at most, {statistics.median(starts):.2f} s usually, of {_STARTS} starts.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
