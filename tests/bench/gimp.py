"""What the GIMP 3 plug-in costs: a call on a layer of twelve megapixels, from the click to the result.

    .venv/bin/python -m tests.bench.gimp

Once beside a server that answers at once, so that all of it is GIMP's and the plug-in's own part (its start, reading,
sending, writing); and once with a real, warm engine. Seconds: median of five, and the slowest. Needs root and, at the
first time, a Debian mirror (see tests/gimp).
"""

from __future__ import annotations

import socket
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from tests.engine.client.listening import json_reply, listening, read_request, reply
from tests.engine.scenes import photo
from tests.engine.server.live import live
from tests.gimp.inside.kinds import LARGE
from tests.gimp.roots import SUITES, NotHereError, root_of
from tests.gimp.running import Desk, Run


@contextmanager
def answering_at_once() -> Iterator[Path]:
    """The folder of a socket where every layer has the same answer: people all over, half of them half-transparent."""
    width, height = LARGE
    matte = np.repeat(np.array([255, 128], np.uint8), width * height // 2)
    cutout = np.column_stack([np.full((width * height, 3), 90, np.uint8), matte])
    bodies = {"matte": matte.tobytes(), "cutout": cutout.tobytes()}

    def turn(peer: socket.socket) -> None:
        request = read_request(peer)
        want = next((each for each in bodies if f"want={each}" in request.line), "")
        if want:
            peer.sendall(reply("200 OK", "application/octet-stream", bodies[want], X_Bshm_Report="{}"))
        else:
            peer.sendall(json_reply({"state": "ready"}))

    with tempfile.TemporaryDirectory(prefix="bshm-") as folder, listening(Path(folder) / "engine.sock", turn):
        yield Path(folder)


def rows(run: Run) -> Iterator[tuple[str, float, float]]:
    """Each result's name, median and longest time, in seconds."""
    assert (run.code, run.alarms) == (0, []), run.complaints
    names = dict.fromkeys(check.rpartition(" ")[0] for check in run.facts)
    for name in names:
        facts = [fact for check, fact in run.facts.items() if check.rpartition(" ")[0] == name]
        assert all(fact["status"] == "SUCCESS" for fact in facts), facts
        seconds = [fact["seconds"] for fact in facts]
        yield name, statistics.median(seconds), max(seconds)


def main() -> None:
    """Prints a table for each GIMP that is here."""
    console = Console()
    large = np.asarray(cv2.resize(photo("astronaut"), LARGE, interpolation=cv2.INTER_CUBIC), np.uint8)
    for suite in SUITES:
        try:
            root = root_of(suite)
        except NotHereError as why:
            console.print(f"GIMP {suite.gimp}: {why}")
            continue
        with tempfile.TemporaryDirectory(prefix="bshm-") as shared, answering_at_once() as quick, live() as engine:
            (Path(shared) / "large.rgb").write_bytes(large.tobytes())
            alone, whole = (
                list(rows(Desk(root, Path(shared), sockets).run("large", limit=600)))
                for sockets in (quick, engine.address.parent)
            )
        table = Table(
            "result", "own part", "slowest", "with the engine", "slowest", title=f"GIMP {suite.gimp}, 12 MP, s"
        )
        for (name, *own), (_, *all_of_it) in zip(alone, whole, strict=True):
            table.add_row(name, *(f"{each:.2f}" for each in (*own, *all_of_it)))
        console.print(table)


if __name__ == "__main__":
    main()
