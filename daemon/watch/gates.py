"""Folders that have to wait, since what ended one job would end all that follow: a full disk, no right to write.

One job at a time tries whether it goes on; the reason is told once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from daemon.watch.verdicts import pause

_LONGEST = 30.0  # seconds between two tries


@dataclass(frozen=True)
class _Gate:
    """reason: as it was told. until: when the next job may try. trying: one does."""

    reason: str
    failures: int
    until: float
    trying: bool = False


class Gates:
    """Which folders are open. Not for several threads at once."""

    def __init__(self) -> None:
        self._closed: dict[Path, _Gate] = {}

    def open(self, folders: Iterable[Path], now: float) -> list[Path]:
        """Those from which a job may be taken."""
        return [each for each in folders if (gate := self._closed.get(each)) is None or _may_try(gate, now)]

    def begun(self, folder: Path) -> None:
        """A job of this folder was begun."""
        if gate := self._closed.get(folder):
            self._closed[folder] = replace(gate, trying=True)

    def next_try(self, now: float) -> float | None:
        """When the first of those that wait may try again."""
        times = (gate.until for gate in self._closed.values() if not gate.trying and gate.until > now)
        return min(times, default=None)

    def close(self, folder: Path, reason: str, now: float) -> bool:
        """A job ended by this reason. True where that is to be told."""
        gate = self._closed.get(folder)
        failures = gate.failures + 1 if gate and gate.trying else gate.failures if gate else 1
        self._closed[folder] = _Gate(reason, failures, now + min(pause(failures), _LONGEST))
        return gate is None or gate.reason != reason

    def passed(self, folder: Path) -> bool:
        """A job of this folder has written something. True where it was closed."""
        return self._closed.pop(folder, None) is not None

    def ended(self, folder: Path) -> None:
        """A job ended otherwise, which tells nothing of the folder: the next may try."""
        if gate := self._closed.get(folder):
            self._closed[folder] = replace(gate, trying=False)


def _may_try(gate: _Gate, now: float) -> bool:
    return not gate.trying and gate.until <= now
