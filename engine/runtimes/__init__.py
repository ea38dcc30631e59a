"""One interface to run a network on arrays, whatever runs it; the stages know no other."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.models.catalogue import Network

Tensor = npt.NDArray[np.float32]


class Session(Protocol):
    """One network, loaded. device: what runs it, in words, for people ("CPU, 4 threads")."""

    @property
    def device(self) -> str:
        """See above."""

    def run(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """The network's outputs in the order of its catalogue record. tensor: as Network.tensors says, a batch of at
        most Network.batch.

        Raises MemoryError where memory runs out; the next run is as if nothing had been.
        """


class Runtime(Protocol):
    """Something that runs networks on one device. device: in words."""

    @property
    def device(self) -> str:
        """See above."""

    def load(self, network: Network, file: Path) -> Session:
        """Reads a network's file. Raises NetworkError where it cannot be run, DeviceError where the device is none."""
