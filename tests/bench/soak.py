"""A thousand pictures of mixed sizes and priorities from eight clients, with hung-up clients and bad bodies among them.

    .venv/bin/python -m tests.bench.soak [PICTURES]

Starts an engine of its own. None may be lost or mixed up: each matte is compared with that of its own picture, made
before by an engine in this process (within 1 of 255). Prints the counts, and the memory of both processes as it goes.
"""

from __future__ import annotations

import argparse
import io
import random
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from engine import Engine, Settings, decode
from engine.client import Asked, Client
from engine.errors import BshmError
from engine.settings import Limits
from engine.types import Options
from tests.bench.photos import portrait
from tests.engine.server.live import Live, live

# Width and height, and how often among a hundred.
_SIZES = {(300, 400): 70, (600, 800): 20, (1600, 1200): 8, (4000, 3000): 2}
_SHADES = range(0, 256, 60)
_CLIENTS = 8
_HUNG_UP, _BAD = 50, 20  # of a thousand
_BODIES = (b"", b"no picture", b"\xff\xd8\xff\xe0" + bytes(500), b"\x89PNG\r\n\x1a\n" + bytes(99), b"GIF89a")


@dataclass(frozen=True)
class Case:
    """One picture, and its matte [H, W] as the library gives it."""

    data: bytes
    matte: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def cases() -> dict[tuple[int, int], list[Case]]:
    """Several pictures of each size."""
    engine = Engine(Settings())
    made: dict[tuple[int, int], list[Case]] = {}
    for size in _SIZES:
        made[size] = []
        for shade in _SHADES:
            data = portrait(*size, shade)
            cut = engine.cut_out(decode(data, Limits()), Options(quality="fast"))
            made[size].append(Case(data, np.rint(cut.matte * 255).astype(np.uint8)))
    engine.close()
    return made


class Soak:
    """The run, and what came of it."""

    def __init__(self, one: Live, pictures: dict[tuple[int, int], list[Case]], count: int) -> None:
        self.counts: Counter[str] = Counter()
        self.memory: list[tuple[int, int]] = []  # MB of the server and of the worker, after each hundredth
        self._one, self._pictures, self._count = one, pictures, count
        self._client = Client(one.address)
        self._lock = threading.Lock()
        self._done = 0

    def run(self) -> None:
        """All of it, from eight threads."""
        kinds = ["picture"] * self._count
        kinds += ["hung up"] * (self._count * _HUNG_UP // 1000) + ["bad"] * (self._count * _BAD // 1000)
        random.Random(7).shuffle(kinds)
        with ThreadPoolExecutor(_CLIENTS) as pool:
            list(pool.map(self._one_of, kinds, range(len(kinds))))

    def _one_of(self, kind: str, number: int) -> None:
        chance = random.Random(number)
        (size,) = chance.choices(list(_SIZES), list(_SIZES.values()))
        case = chance.choice(self._pictures[size])
        priority = chance.choice(("interactive", "batch"))
        came = {"picture": self._picture, "hung up": self._hang_up, "bad": self._bad}[kind](case, priority, chance)
        with self._lock:
            self.counts[came] += 1
            self._done += 1
            if self._done % 100 == 0:
                memory = self._one.status()["memory"]
                self.memory.append((memory["server_bytes"] // 1_000_000, memory["worker_bytes"] // 1_000_000))

    def _picture(self, case: Case, priority: str, _: random.Random) -> str:
        try:
            answer = self._client.cut_out(case.data, Asked(want=("matte",), quality="fast", priority=priority))
        except BshmError as error:
            return f"LOST: {error}"
        with Image.open(io.BytesIO(answer.results["matte"])) as image:
            matte = np.asarray(image)
        if matte.shape != case.matte.shape:
            return "MIXED UP: another size"
        return "right" if np.abs(matte.astype(int) - case.matte).max() <= 1 else "MIXED UP: another matte"

    def _hang_up(self, case: Case, priority: str, chance: random.Random) -> str:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self._one.address))
            head = (
                f"POST /v1/cutout?priority={priority} HTTP/1.1\r\nHost: e\r\nContent-Length: {len(case.data)}\r\n\r\n"
            )
            sent = case.data[: chance.choice((0, 100, len(case.data) // 2, len(case.data)))]
            client.sendall(head.encode() + sent)
            time.sleep(chance.choice((0, 0.05, 0.3)))
        return "hung up"

    def _bad(self, _case: Case, priority: str, chance: random.Random) -> str:
        try:
            self._client.cut_out(chance.choice(_BODIES), Asked(want=("matte",), priority=priority))
        except BshmError as error:
            return f"bad body: {type(error).__name__}"
        return "TAKEN FOR A PICTURE"


def main() -> None:
    """Prints what came of it."""
    parser = argparse.ArgumentParser(description="Many requests to one engine")
    parser.add_argument("pictures", nargs="?", type=int, default=1000)
    count = parser.parse_args().pictures
    console = Console()
    made = cases()
    with live() as one:
        soak = Soak(one, made, count)
        begun = time.monotonic()
        soak.run()
        seconds = time.monotonic() - begun
        status = one.status()
        assert one.stop() == 0
    table = Table("what came", "times", title=f"{count} pictures, {_CLIENTS} clients, {seconds:.0f} s")
    for came, times in sorted(soak.counts.items()):
        table.add_row(came, str(times))
    console.print(table)
    table = Table("requests", "server MB", "worker MB", "both", title="Resident memory")
    for number, (server, worker) in enumerate(soak.memory, 1):
        table.add_row(str(number * 100), str(server), str(worker), str(server + worker))
    console.print(table)
    console.print("queue", status["queue"], "counts", status["counts"])


if __name__ == "__main__":
    main()
