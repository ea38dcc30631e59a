"""One interface to run a network on arrays, whatever runs it; the stages know no other."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.errors import DeviceError
from engine.models.catalogue import Network
from engine.settings import Settings

Tensor = npt.NDArray[np.float32]


class Session(Protocol):
    """One network, loaded."""

    def run(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """The network's outputs in the order of its catalogue record. tensor: as Network.tensors says, a batch of at
        most Network.batch.

        Raises MemoryError where memory runs out; the next run is as if nothing had been.
        """


class Runtime(Protocol):
    """Something that runs networks on one device. device: in words, for people ("CPU, 4 threads")."""

    device: str

    def load(self, network: Network, file: Path) -> Session:
        """Reads a network's file. Raises NetworkError where it cannot be run."""


def open_runtime(settings: Settings) -> Runtime:
    """The runtime for settings.device. Raises DeviceError for a device that cannot be used: never a silent CPU."""
    if settings.device == "cuda":
        raise DeviceError(
            "device: cuda cannot be used",
            "this version runs networks on the CPU alone",
            "Set 'device: cpu' or 'device: auto' in the config file",
        )
    from engine.runtimes.onnx import OnnxRuntime

    return OnnxRuntime(settings.threads)
