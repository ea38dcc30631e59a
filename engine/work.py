"""One picture's way through the stages, as those see it who wait for it: how far it is, what was given up on it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


def _nobody_waits(_stage: str, _done: float) -> None:
    pass


class Work:
    """Accompanies one picture through `Engine.cut_out`; each picture has its own.

    urgent: a person waits for it, so that its network runs go before others'. begun: time.monotonic(); of others' runs,
    those of the picture that was begun first go first, so that it is done soon, and not all at the same late time.
    steps: sentences about the ladder's steps that were taken where memory ran out, in their order, for the report.
    """

    def __init__(
        self,
        *,
        urgent: bool = False,
        reached: Callable[[str, float], None] = _nobody_waits,
        begun: float | None = None,
    ) -> None:
        """reached: is told the stage and the part of all work that is done, 0..1; raises CancelledError to end it.
        begun: of the picture, where this is only a part of its way."""
        self.urgent = urgent
        self.begun = monotonic() if begun is None else begun
        self.reached = reached
        self.steps: list[str] = []
