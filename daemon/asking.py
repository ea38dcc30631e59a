"""What the resident engine is asked for one picture, whoever asks: the settings as parameters of its call."""

from __future__ import annotations

from collections.abc import Iterable

from engine.client import Asked
from engine.settings import Settings
from engine.types import Point

_LONGEST_NAME = 1000  # characters


def asked_by(
    settings: Settings,
    kinds: Iterable[str],
    *,
    name: str,
    job: str,
    priority: str,
    background: str | None,
    edge: str | None = None,
    threshold: float | None = None,
    at: tuple[Point, ...] = (),
) -> Asked:
    """kinds: of results, "report" among them or not. name: what sentences call the picture; the rest as in Asked."""
    return Asked(
        want=tuple(each for each in kinds if each != "report") or ("matte",),  # something has to be wanted
        format=settings.format,
        matte_bits=settings.matte_bits,
        priority=priority,
        network=settings.network,
        people=settings.people,
        at=at,
        quality=settings.quality,
        edge=edge,
        threshold=threshold,
        background=background,
        job=job,
        name=_shortened(name),
    )


def _shortened(name: str) -> str:
    """A picture's name as long as the engine takes it: of a long path the end tells more."""
    return name if len(name) <= _LONGEST_NAME else f"...{name[3 - _LONGEST_NAME :]}"
