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
from functools import partial
from time import perf_counter

from rich.console import Console
from rich.table import Table

from engine import Engine, Settings, decode
from engine.client import Asked, Client
from engine.errors import BshmError
from engine.pictures.encode import encode
from engine.settings import Limits
from tests.bench.photos import nobody, portrait
from tests.engine.server.live import Live, live

_SIZES = {"300x400": (300, 400, 100), "2 MP": (1200, 1600, 40), "12 MP": (3000, 4000, 20)}  # width, height, runs
_WHOLE = 5
_BATCH, _PEOPLE = 200, 15


def milliseconds(step: Callable[[], object]) -> float:
    """How long it takes, once."""
    start = perf_counter()
    step()
    return (perf_counter() - start) * 1000


def transport(one: Live, console: Console) -> None:
    """The engine beside the library, idle, one picture after the other.

    What the way costs is measured on pictures of nobody, whose time varies least, and with raw cut-outs, which
    are larger than a PNG of people; and compared with the time of the library for a portrait of the same size, as PNG.
    """
    engine, client = Engine(Settings()), Client(one.address)
    table = Table("picture", "portrait", "the way", "in %", title="Cost of transport, queue and second process, in ms")
    for name, (width, height, count) in _SIZES.items():
        empty = nobody(width, height)

        def library(data: bytes, form: str) -> None:
            encode(engine.cut_out(decode(data, Limits())), "cutout", form)

        def resident(data: bytes) -> None:
            client.cut_out(data, Asked(want=("cutout",), format="raw"))

        more = []
        for _ in range(count):
            alone = milliseconds(partial(library, empty, "raw"))
            more.append(milliseconds(partial(resident, empty)) - alone)
        person = portrait(width, height)
        whole = statistics.median(milliseconds(partial(library, person, "png")) for _ in range(_WHOLE))
        way = statistics.median(more)
        table.add_row(name, f"{whole:.0f}", f"{way:.1f}", f"{100 * way / whole:.1f}")
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
