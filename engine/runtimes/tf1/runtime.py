"""TensorFlow 1.15.5, in another Python's process, as a runtime."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from engine.models.catalogue import Network
from engine.runtimes.tf1.process import Tf1Process
from engine.runtimes.tf1.session import Tf1Session


class Tf1Runtime:
    """Runs graphs of BSHM's kind. device: which one is asked for; the session's words say which one it is."""

    def __init__(
        self,
        python: Path,
        device: str,
        fraction: float,
        growth: bool,
        deadline: float,
        *,
        threads: int = 0,
        memory: int = 0,
    ) -> None:
        """python: the interpreter with TensorFlow 1.15.5. deadline: seconds for a run. Others: see Tf1Process."""
        self.device = f"TensorFlow 1 in {python}, device: {device}"
        self._deadline = deadline
        self._start = partial(
            Tf1Process, python, device=device, fraction=fraction, growth=growth, threads=threads, memory=memory
        )

    def load(self, network: Network, file: Path) -> Tf1Session:
        """See Runtime. Raises what Tf1Process raises."""
        return Tf1Session(network, partial(self._start, file), self._deadline)
