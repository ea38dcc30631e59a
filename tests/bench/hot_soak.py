"""Pictures dropped into hot folders while `bshm watch` and the engine are killed again and again: nothing may be lost.

    .venv/bin/python -m tests.bench.hot_soak [--pictures 1000] [--kills 30] [--seed 7]

Good pictures, bad files of every kind, odd names and links to a server of this machine come in every way into folders
that treat originals differently. Prints what came of them, and each broken promise, of which one makes the exit code 1.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.hot_dropping import dropping, place_others
from tests.bench.hot_files import FOLDERS, Dropped, files
from tests.bench.hot_kills import Kills, end_all
from tests.bench.hot_promises import Judgement, Outcome, Place, files_below, identity, judge
from tests.bench.photos import portrait
from tests.daemon.server import serving
from tests.daemon.watch.watching import Watching, watching

_PACE = 0.15  # seconds for which a picture may take to be dropped
_LOOK = 0.25  # seconds between two looks at how far all is
_STARTS = 10.0  # seconds that a kill may cost
_PICTURE = 1.5  # seconds that a picture may take
_PATIENCE = 90.0  # seconds beside those, of which an empty file has 30
_LAST = 60.0  # seconds for a last look, which has nothing to do


@dataclass(frozen=True)
class Soaked:
    """judgement: on what was left. seconds: from the first file to the last result. kills: how often whom."""

    judgement: Judgement
    seconds: float
    kills: Mapping[str, int]


def soak(pictures: int, kills: int, seed: int) -> Soaked:
    """All of it; ends each process that it has started, however it ends."""
    with serving() as server, _watched() as (watch, places):
        comes = files(seed, pictures, server)
        dropped = [each for group in comes for each in group]
        others = _configure(watch, places)
        written = [folder for each in places.values() for folder in each.folders]
        run = _Run(watch, places, Kills(watch.home, written, seed, kills, len(dropped)), len(dropped))
        begun = time.monotonic()
        watch.start()
        beside = watch.home / "beside"
        with dropping(comes, lambda one: places[one.folder].watch, beside, seed, len(dropped) * _PACE) as all_there:
            seconds = _PATIENCE + _PICTURE * len(dropped) + _STARTS * kills
            while not (run.goes_on() and all_there()):
                if time.monotonic() > begun + seconds:
                    run.trouble.append(f"not done after {seconds:.0f} s: {run.progress} of {len(dropped)}")
                    break
                time.sleep(_LOOK)
        seconds = time.monotonic() - begun
        if (code := watch.stop()) != 0:
            run.trouble.append(f"`bshm watch` ended with {code}")
        run.look()
        run.trouble += _once_more(watch, places)
        judgement = judge(_outcome(watch, places, dropped, others, run))
        judgement.broken[:0] = run.trouble
    return Soaked(judgement, seconds, run.kills.done)


class _Run:
    """Watches the watcher: kills, starts it again, and keeps what the results were at first sight."""

    def __init__(self, watch: Watching, places: Mapping[str, Place], kills: Kills, number: int) -> None:
        self.kills, self.watch_kills, self.number = kills, 0, number
        self.first: dict[Path, tuple[int, ...]] = {}
        self.trouble: list[str] = []
        self._watch = watch
        self._results = [folder for each in places.values() for folder in (each.output, each.failed)]
        self._due: float | None = None

    @property
    def progress(self) -> int:
        """How many files have come to an end."""
        return sum(each.name.endswith((".report.json", ".error.txt")) for each in self.first)

    def goes_on(self) -> bool:
        """One look, and the kill that is due; True where nothing is left to do. Raises AssertionError where the watcher
        has ended by itself."""
        self.look()
        assert self._watch.process
        code = self._watch.process.poll()
        assert code is None, f"`bshm watch` ended by itself with {code}:\n{self._watch.log[-2000:]}"
        if not (coming := self.kills.next):
            return self.progress >= self.number and self._ended()
        progress, seconds = coming
        if self.progress >= min(progress, self.number - 1):
            self._due = self._due or time.monotonic() + seconds
            if time.monotonic() >= self._due:
                self._kill()
        return False

    def look(self) -> None:
        """Notes the results that are new."""
        for path in files_below(self._results):
            if path not in self.first and not path.name.startswith("."):
                try:
                    self.first[path] = identity(path)
                except FileNotFoundError:  # a temporary name, by now another
                    continue

    def _kill(self) -> None:
        hit = self.kills.strike(self.progress)
        if hit:
            self._due = None
        if "watch" in hit:
            assert self._watch.process
            self._watch.process.wait()
            self.watch_kills += 1
            self._watch.start()

    def _ended(self) -> bool:
        return all(each["state"] in ("done", "failed", "left") for each in self._watch.jobs())


@contextmanager
def _watched() -> Iterator[tuple[Watching, dict[str, Place]]]:
    """`bshm watch`, not started yet, and its folders; whatever process came of it is ended."""
    with watching() as watch:
        tops = {each: watch.home / each for each in FOLDERS}
        places = {
            each: Place(top / "in", top / "out", top / "failed", top / "done" if each == "move" else None)
            for each, top in tops.items()
        }
        try:
            yield watch, places
        finally:
            if watch.process and watch.process.poll() is None:
                watch.kill()  # before its engine, which it would start again
            end_all(watch.home / "run")


def _configure(watch: Watching, places: Mapping[str, Place]) -> dict[Path, bytes]:
    """Makes the folders, with files in them that are to be left alone, and the config file."""
    others: dict[Path, bytes] = {}
    lines = ["quality: fast", "links:", "  allow_private: true", "folders:"]
    for word, each in places.items():
        each.watch.mkdir(parents=True)
        others |= place_others(each.watch, portrait(200, 300))
        done = each.done or {"delete": "delete"}.get(word, "keep")
        keys = {"watch": each.watch, "output": each.output, "failed": each.failed, "done": done}
        lines += [f"  - {json.dumps({**keys, 'recursive': word != 'flat'}, default=str)}"]
    below = places["flat"].watch / "below" / "too deep.jpg"
    below.parent.mkdir()
    below.write_bytes(portrait(200, 300))
    others[below] = below.read_bytes()
    watch.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return others


def _once_more(watch: Watching, places: Mapping[str, Place]) -> Iterator[str]:
    """Another start after it all has nothing to do, and does nothing."""
    folders = [folder for each in places.values() for folder in each.folders]
    before = {path: identity(path) for path in files_below(folders)}
    watch.start("--once")
    assert watch.process
    try:
        if (code := watch.process.wait(_LAST)) != 0:
            yield f"`bshm watch --once` after it all ended with {code}"
    except subprocess.TimeoutExpired:
        yield "`bshm watch --once` after it all does not end"
    if {path: identity(path) for path in files_below(folders)} != before:
        yield "another start after it all has changed files"


def _outcome(
    watch: Watching, places: Mapping[str, Place], dropped: list[Dropped], others: Mapping[Path, bytes], run: _Run
) -> Outcome:
    logs = sorted((watch.home / "state" / "bshm" / "log").glob("watch.log*"))
    lines = [line for each in logs for line in each.read_text(encoding="utf-8").splitlines()]
    run.trouble += [line for line in lines if "a fault of this program" in line or line.startswith("Traceback")]
    said = [int(found[1]) for line in lines if "picture done" in line and (found := re.search(r"\bjob=(\d+)", line))]
    return Outcome(dropped, places, others, watch.jobs(), run.first, said, run.watch_kills)


def main() -> int:
    """Prints what came of it."""
    parser = argparse.ArgumentParser(description="Hot folders under fire")
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    came = soak(args.pictures, args.kills, args.seed)
    console = Console(highlight=False, markup=False)
    total = sum(came.judgement.counts.values())
    table = Table("what came", "files", title=f"{total} files as promised, {came.seconds:.0f} s")
    for what, times in sorted(came.judgement.counts.items()):
        table.add_row(what, str(times))
    for whom, times in sorted(came.kills.items()):
        table.add_row(f"killed: {whom}", str(times))
    table.add_row("broken promises", str(len(came.judgement.broken)))
    console.print(table)
    for each in came.judgement.broken:
        console.print(each)
    return int(bool(came.judgement.broken))


if __name__ == "__main__":
    sys.exit(main())
