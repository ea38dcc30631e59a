"""A network on a GPU, and the same on the processor for what the GPU's memory does not take."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from engine.runtimes import Session, Tensor


class WithSpare:
    """A session whose work another can do. spare: that one, loaded when it is first needed; it may raise NetworkError.

    device: of the session that usually runs.
    """

    def __init__(self, session: Session, load_spare: Callable[[], Session]) -> None:
        self._session, self._load_spare = session, load_spare
        self.device = session.device

    def run(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """See Session; never by the spare."""
        return self._session.run(tensor)

    @cached_property
    def spare(self) -> Session:
        """See above."""
        return self._load_spare()
