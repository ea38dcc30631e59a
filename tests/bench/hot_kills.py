"""SIGKILL for the processes of hot folders: who they are, by their environment, and when it hits them."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

Role = Literal["watch", "engine", "worker"]
# What is killed at once, and how often among ten.
_TARGETS: dict[tuple[Role, ...], int] = {("watch",): 4, ("watch", "engine"): 2, ("engine",): 2, ("worker",): 2}

_WORDS: dict[Role, str] = {"watch": "watch", "worker": "engine.worker", "engine": "engine"}  # on their command lines
# What it is in the midst of when the watcher is killed, and how often among ten; most of the time it waits.
_MOMENTS = {"": 3, "writing": 2, "publishing": 5}
_LAGS = (0.0, 0.0, 0.0005, 0.001)  # seconds; all of it takes a few milliseconds
_WHILE = 3.0  # seconds
_APART = 8  # pictures; more than are under way at once


def processes(runtime: Path) -> dict[psutil.Process, Role]:
    """Those of this user that have this $XDG_RUNTIME_DIR, whoever started them, and whether or not that one lives."""
    found: dict[psutil.Process, Role] = {}
    for each in psutil.process_iter():
        try:
            if each.pid != os.getpid() and each.environ().get("XDG_RUNTIME_DIR") == str(runtime):
                words = each.cmdline()
                role: Role | None = next((role for role in _WORDS if _WORDS[role] in words), None)
                if role:
                    found[each] = role
        except (psutil.Error, OSError):  # it ended meanwhile, or is another user's
            continue
    return found


def end_all(runtime: Path) -> None:
    """Ends all of them, those too that another had just started."""
    while left := processes(runtime):
        for each in left:
            _kill(each)
        time.sleep(0.1)


@dataclass(frozen=True)
class _Kill:
    """progress: in pictures, and seconds after that, from when on it is due.

    moment: a word of _MOMENTS, which is waited for then; lag: seconds after that.
    """

    progress: int
    seconds: float
    targets: tuple[Role, ...]
    moment: str
    lag: float


class Kills:
    """When which of them is to be killed: as the work goes on, at moments that a seed has chosen."""

    def __init__(self, home: Path, written: Sequence[Path], seed: int, number: int, pictures: int) -> None:
        """home: of the processes. written: the folders in which temporary files may lie."""
        self._home, self._written = home, written
        chance = random.Random(seed)
        last = int(pictures * 0.85)
        self._plan = [
            _Kill(progress, chance.uniform(0, 1), targets, _moment(targets, chance), chance.choice(_LAGS))
            for progress, targets in zip(
                sorted(chance.choices(range(last), k=number)),
                chance.choices(list(_TARGETS), list(_TARGETS.values()), k=number),
                strict=True,
            )
        ]
        self._hit = -_APART  # the progress at which a worker was killed last
        self.done: Counter[str] = Counter()

    @property
    def next(self) -> tuple[int, float] | None:
        """The progress, in pictures, and the seconds after that, at which the next is due; None after the last.

        The engine rightly gives a picture up over which its worker ended twice. So that no innocent one is, other
        pictures come between two such kills.
        """
        if not self._plan:
            return None
        kill = self._plan[0]
        return (max(kill.progress, self._hit + _APART) if "worker" in kill.targets else kill.progress), kill.seconds

    def strike(self, progress: int) -> set[Role]:
        """Kills whom the plan names next, as soon as all of them live; whom it has hit."""
        kill = self._plan[0]
        alive = processes(self._home / "run")
        if not set(alive.values()).issuperset(kill.targets):
            return set()
        words = [" and ".join(kill.targets)]
        if kill.moment and self._comes(kill.moment):
            time.sleep(kill.lag)
            words.append(kill.moment)
        for process, role in alive.items():
            if role in kill.targets:
                _kill(process)
        self._plan.pop(0)
        self.done[" while ".join(words)] += 1
        if "worker" in kill.targets:
            self._hit = progress
        return set(kill.targets)

    def _comes(self, moment: str) -> bool:
        """Whether a moment comes in a while: temporary files lie there, or the ledger has a job that is publishing."""
        file = self._home / "state" / "bshm" / "ledger.sqlite"
        end = time.monotonic() + _WHILE
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as ledger:
            while time.monotonic() < end:
                if moment == "writing":
                    come = any(any(each.glob(".bshm-*")) for each in self._written)
                else:
                    come = bool(ledger.execute("SELECT 1 FROM jobs WHERE state = 'publishing'").fetchone())
                if come:
                    return True
        return False


def _moment(targets: tuple[Role, ...], chance: random.Random) -> str:
    return chance.choices(list(_MOMENTS), list(_MOMENTS.values()))[0] if "watch" in targets else ""


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
