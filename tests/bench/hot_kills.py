"""SIGKILL for the processes of hot folders: who they are, by their environment, and when it hits them."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Literal

import psutil

Role = Literal["watch", "engine", "worker"]
# What is killed at once, and how often among ten.
_TARGETS: dict[tuple[Role, ...], int] = {("watch",): 4, ("engine",): 2, ("worker",): 2, ("watch", "engine"): 2}

_WORDS: dict[Role, str] = {"watch": "watch", "worker": "engine.worker", "engine": "engine"}  # on their command lines
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


class Kills:
    """When which of them is to be killed: as the work goes on, at moments that a seed has chosen."""

    def __init__(self, seed: int, number: int, pictures: int) -> None:
        chance = random.Random(seed)
        last = int(pictures * 0.85)
        self._plan = [
            (progress, targets, chance.uniform(0, 1))
            for progress, targets in zip(
                sorted(chance.choices(range(last), k=number)),
                chance.choices(list(_TARGETS), list(_TARGETS.values()), k=number),
                strict=True,
            )
        ]
        self._hit = -_APART  # the progress at which a worker was killed last
        self.done: list[tuple[Role, ...]] = []

    @property
    def next(self) -> tuple[int, float] | None:
        """The progress, in pictures, and the seconds after that, at which the next is due; None after the last.

        The engine rightly gives a picture up over which its worker ended twice. So that no innocent one is, other
        pictures come between two such kills.
        """
        if not self._plan:
            return None
        progress, targets, seconds = self._plan[0]
        return (max(progress, self._hit + _APART) if "worker" in targets else progress), seconds

    def strike(self, runtime: Path, progress: int) -> tuple[Role, ...]:
        """Kills whom the plan names next, as far as they live; whom it has hit."""
        _, targets, _ = self._plan[0]
        hit = [(each, role) for each, role in processes(runtime).items() if role in targets]
        for each, _ in hit:
            _kill(each)
        roles = tuple(role for _, role in hit)
        if set(roles) >= set(targets):
            self._plan.pop(0)
            self.done.append(targets)
            if "worker" in targets:
                self._hit = progress
        return roles


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
