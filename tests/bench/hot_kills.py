"""SIGKILL for the processes of hot folders: who they are, by their environment, and when it hits them."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

Role = Literal["watch", "engine", "worker"]
# What is killed at once, and how often among ten.
_TARGETS: dict[tuple[Role, ...], int] = {("watch",): 4, ("engine",): 2, ("worker",): 2, ("watch", "engine"): 2}

_WORDS: dict[Role, str] = {"watch": "watch", "worker": "engine.worker", "engine": "engine"}  # on their command lines
_MIDST = 0.5  # of the kills of the watcher
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
    """progress: in pictures, and seconds after that, from when on it is due. midst: while temporary files lie there."""

    progress: int
    seconds: float
    targets: tuple[Role, ...]
    midst: bool


class Kills:
    """When which of them is to be killed: as the work goes on, at moments that a seed has chosen."""

    def __init__(self, seed: int, number: int, pictures: int) -> None:
        chance = random.Random(seed)
        last = int(pictures * 0.85)
        self._plan = [
            _Kill(progress, chance.uniform(0, 1), targets, "watch" in targets and chance.random() < _MIDST)
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

    def strike(self, runtime: Path, progress: int, writes_to: Sequence[Path]) -> set[Role]:
        """Kills whom the plan names next, as soon as all of them live; whom it has hit.

        writes_to: the folders in which temporary files may lie.
        """
        kill = self._plan[0]
        alive = processes(runtime)
        if not set(alive.values()).issuperset(kill.targets):
            return set()
        in_the_midst = kill.midst and _comes(writes_to)
        for process, role in alive.items():
            if role in kill.targets:
                _kill(process)
        self._plan.pop(0)
        self.done[f"{' and '.join(kill.targets)}{', in the midst of writing' if in_the_midst else ''}"] += 1
        if "worker" in kill.targets:
            self._hit = progress
        return set(kill.targets)


def _comes(folders: Sequence[Path]) -> bool:
    """Whether a temporary file comes into one of these folders in a while."""
    end = time.monotonic() + _WHILE
    while time.monotonic() < end:
        if any(any(each.glob(".bshm-*")) for each in folders):
            return True
    return False


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
