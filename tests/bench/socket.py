"""What the socket, the queue and the second process cost; and how long a person waits while a batch is under way.

    .venv/bin/python -m tests.bench.socket [start] [transport] [waiting]

Starts an engine of its own. Times are medians in milliseconds; the engine and the library in this process take turns,
so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import perf_counter

from rich.console import Console
from rich.table import Table

from engine import Engine, Settings, decode
from engine.client import Asked, Client
from engine.errors import BshmError
from engine.pictures.encode import encode
from engine.settings import Limits
from tests.bench.photos import portrait
from tests.engine.server.live import Live, live

_SIZES = {"300x400": (300, 400, 40), "2 MP": (1200, 1600, 15), "12 MP": (3000, 4000, 15)}  # width, height, runs
_BATCH, _PEOPLE = 200, 15


def milliseconds(step: Callable[[], object]) -> float:
    """How long it takes, once."""
    start = perf_counter()
    step()
    return (perf_counter() - start) * 1000


def transport(one: Live, console: Console) -> None:
    """The engine beside the library, idle, one picture after the other."""
    engine, client = Engine(Settings()), Client(one.address)
    table = Table("picture", "library", "engine", "more by", "in %", title="Cost of transport and queue, in ms")
    for name, (width, height, count) in _SIZES.items():
        data = portrait(width, height)

        def library(data: bytes = data) -> None:
            encode(engine.cut_out(decode(data, Limits())), "cutout", "png")

        def resident(data: bytes = data) -> None:
            client.cut_out(data, Asked(want=("cutout",)))

        times: dict[Callable[[], None], list[float]] = {library: [], resident: []}
        for _ in range(count):
            for step, taken in times.items():
                taken.append(milliseconds(step))
        alone, served = (statistics.median(taken) for taken in times.values())
        # Each pair ran under nearly the same load: the median of their differences is steadier than that of medians.
        more = statistics.median(b - a for a, b in zip(*times.values(), strict=True))
        table.add_row(name, f"{alone:.1f}", f"{served:.1f}", f"{more:.1f}", f"{100 * more / alone:.1f}")
    engine.close()
    console.print(table)


def waiting(one: Live, console: Console) -> None:
    """A person's picture on an idle engine, and while a batch of pictures of the same size waits."""
    client, data = Client(one.address), portrait(300, 400)
    person = Asked(want=("cutout",), priority="interactive")
    idle = [milliseconds(lambda: client.cut_out(data, person)) for _ in range(_PEOPLE)]

    def one_of_batch() -> None:
        with suppress(BshmError):  # the engine is stopped before they are all done
            Client(one.address, patience=0).cut_out(data, Asked(want=("cutout",), priority="batch"))

    with ThreadPoolExecutor(_BATCH) as pool:
        for _ in range(_BATCH):
            pool.submit(one_of_batch)
        while client.status()["queue"]["waiting"] < _BATCH // 2:
            time.sleep(0.01)
        busy = [milliseconds(lambda: client.cut_out(data, person)) for _ in range(_PEOPLE)]
        least = client.status()["queue"]["waiting"]
        one.stop()
    table = Table("engine", "median", "longest", title=f"A person waits, 300x400, {_PEOPLE} pictures, in ms")
    table.add_row("idle", f"{statistics.median(idle):.0f}", f"{max(idle):.0f}")
    queued = f"{_BATCH} batch pictures were queued, {least} still at the end"
    table.add_row(queued, f"{statistics.median(busy):.0f}", f"{max(busy):.0f}")
    console.print(table)
    console.print(f"times as long: {statistics.median(busy) / statistics.median(idle):.2f}")


def starting(console: Console) -> None:
    """From the command to the first "ready", five times."""
    times = []
    for _ in range(5):
        with live(start=False) as one:
            times.append(milliseconds(one.start) / 1000)
            one.stop()
    console.print(f"ready after {statistics.median(times):.2f} s (longest {max(times):.2f} s)")


def main() -> None:
    """Prints the tables."""
    console = Console()
    wanted = sys.argv[1:] or ["start", "transport", "waiting"]
    if "start" in wanted:
        starting(console)
    for name, measured in (("transport", transport), ("waiting", waiting)):
        if name in wanted:
            with live() as one:
                measured(one, console)
                assert one.stop() == 0


if __name__ == "__main__":
    main()
