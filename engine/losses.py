"""What becomes of a job whose worker process was lost under it.

The picture that ends the process cannot be told from those beside it; so each is tried once more, alone. Only what
loses its process alone is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import BshmError, CrashError, DeadlineError

# The process was lost while the job was under way in it; or was ended because the job took too long; or because
# another job did.
Role = Literal["suspect", "late", "bystander"]


@dataclass(frozen=True)
class Fate:
    """What is done now. alone: tried with nothing beside it. refusal: it is not tried again. note: for the report."""

    alone: bool = False
    refusal: BshmError | None = None
    note: str = ""


def fate_of(name: str, role: Role, tries: int, how: str, deadline: float) -> Fate:
    """The fate of a picture.

    name: what sentences call it. tries: how often a process was lost under it, this time counted in. how: the process
    ended, in words. deadline: the engine's, in seconds.
    """
    if role == "bystander":
        return Fate()
    why = f"it took more than {deadline:g} s" if role == "late" else how
    if tries == 1:
        return Fate(alone=True, note=f"Tried again, alone: the process that ran the networks had ended over it ({why})")
    if role == "late":
        return Fate(refusal=DeadlineError(f"{name}: given up", f"{why}, twice", "Set engine.deadline higher"))
    twice = f"the process that runs the networks ended over it twice; {how}"
    return Fate(refusal=CrashError(f"{name}: not cut out", twice, "Please report it, with the picture"))
