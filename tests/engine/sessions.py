"""Sessions that do what a test wants to see dealt with: run for long, or fail."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.runtimes import Tensor


class Door:
    """A session that notes what it was given, and runs for as long as the door is shut."""

    device = "a test's own"

    def __init__(self) -> None:
        self.seen: list[Tensor] = []
        self.entered, self.open = Event(), Event()

    def run(self, tensor: Tensor) -> tuple[Tensor, ...]:
        self.seen.append(tensor)
        self.entered.set()
        if not self.open.wait(30):
            raise TimeoutError
        return (2 * tensor,)


class Failing:
    """A session that fails."""

    device = "a test's own"

    def run(self, tensor: Tensor) -> tuple[Tensor, ...]:
        raise ValueError(f"cannot run {tensor.shape}")
