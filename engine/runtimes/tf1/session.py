"""A TensorFlow 1 graph as a network: its process is started anew where it was lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock

import numpy as np

from engine.logs import fields
from engine.models.catalogue import Network
from engine.runtimes import Tensor
from engine.runtimes.picture import alpha_of, to_picture
from engine.runtimes.tf1.failures import Tf1HungError, Tf1LostError
from engine.runtimes.tf1.process import Pixels, Tf1Process

_log = logging.getLogger("bshm.engine")


class Tf1Session:
    """See engine.runtimes.Session. device: that of the process that runs, or ran last."""

    def __init__(self, network: Network, start: Callable[[], Tf1Process], deadline: float) -> None:
        """start: makes a process with the graph. deadline: seconds for a run. Raises what `start` raises."""
        self._network, self._start, self._deadline = network, start, deadline
        self._lock = Lock()
        self._process = start()

    @property
    def device(self) -> str:
        """See above."""
        return self._process.device

    def run(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """Alpha [1, 1, H, W], 0..1, of a picture [1, 3, H, W], 0..255; one thread's turn after the other.

        A process that ends over a picture is tried once more. Raises MemoryError; Tf1LostError, a NetworkError, where
        it ends again or does not answer in time; NetworkError where the graph fails; DeviceError where the device, or
        TensorFlow, is no longer what it was at the start.
        """
        picture = to_picture(tensor)
        with self._lock:
            alpha = self._alpha(picture)
        return (alpha_of(alpha.astype(np.float32), self._network.name),)

    def close(self) -> None:
        """Ends the process."""
        self._process.close()

    def _alpha(self, picture: Pixels) -> Pixels:
        try:
            return self._running().alpha(picture, self._deadline)
        except Tf1HungError:
            raise  # it had its time; who waits has waited long enough
        except Tf1LostError as error:
            _log.warning("the picture is tried once more", extra=fields(network=self._network.name, why=error.why))
        try:
            return self._running().alpha(picture, self._deadline)
        except Tf1HungError:
            raise
        except Tf1LostError as error:
            frame = f"{picture.shape[1]} x {picture.shape[0]} pixels"
            what = f"{self._network.name}: TensorFlow's process ended over {frame}, twice"
            raise Tf1LostError(what, error.why, error.remedy) from error

    def _running(self) -> Tf1Process:
        if not self._process.alive:
            self._process.close()
            self._process = self._start()
        return self._process
