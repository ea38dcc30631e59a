"""The networks in use: each is checked, loaded once when it is first needed, and run on pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from threading import Lock

import cv2
import numpy as np

from engine.device import Device
from engine.errors import BshmError, NetworkError, UsageError
from engine.models import choice
from engine.models.catalogue import Network, Task, Tensors
from engine.models.store import State, Store
from engine.routes import TRUSTED
from engine.runtimes import Runtime, Session, Tensor
from engine.settings import Settings
from engine.types import Rgb8, Size
from engine.work import Work


class Networks:
    """Hands out results of networks; loads what it needs, once. longest_side: of what a network may see, in pixels."""

    def __init__(self, runtime: Runtime, store: Store, settings: Settings) -> None:
        self.device = Device()
        self.longest_side = settings.memory.longest_side
        self._runtime, self._store, self._licences = runtime, store, settings.licences
        self._sessions: dict[str, Session] = {}
        self._lock = Lock()
        self._work = Work()

    @contextmanager
    def on_behalf_of(self, work: Work) -> Iterator[Networks]:
        """The same networks for one picture, as long as it is under way: the device knows for whom they run."""
        bound = copy(self)
        bound._work = work
        with self.device.attending(work):
            yield bound

    def usable(self, task: Task) -> tuple[Network, ...]:
        """The networks for a task that the licence setting allows (models.choice)."""
        return choice.usable(task, self._licences)

    def matting(self, name: str) -> tuple[Network, ...]:
        """The matting networks for a request (models.choice), and for auto those that a user brought and that are
        trusted somewhere. Raises UsageError, also where a network is named that is not installed."""
        if name == "auto":
            trusted = {each.network for each in TRUSTED if each.better}
            brought = [each for each in choice.named(self._licences) if each.name in trusted and self._is_there(each)]
            return (*choice.matting(name, self._licences), *brought)
        networks = choice.matting(name, self._licences)
        for each in networks:
            if not self._is_there(each):
                raise UsageError(f"network '{each.name}' is not installed", remedy=f"Run: bshm models pull {each.name}")
        return networks

    def _is_there(self, network: Network) -> bool:
        return network.name in self._sessions or self._store.state(network) is not State.MISSING

    @property
    def devices(self) -> str:
        """What runs the networks that are loaded, in words: the runtime's device, and which networks have another."""
        others = {name: each.device for name, each in self._sessions.items() if each.device != self._runtime.device}
        return "; ".join([self._runtime.device, *(f"{name} on {device}" for name, device in others.items())])

    @property
    def loaded(self) -> tuple[str, ...]:
        """The names of the networks that are in the memory."""
        return tuple(self._sessions)

    def load(self, network: Network) -> Session:
        """The network, ready to run. Raises NetworkError where its file is missing, damaged or cannot be run."""
        with self._lock:
            if network.name not in self._sessions:
                self._sessions[network.name] = self._runtime.load(network, self._store.path(network))
            return self._sessions[network.name]

    def run(self, network: Network, picture: Rgb8) -> tuple[Tensor, ...]:
        """The outputs for one picture [H, W, 3] RGB, already of the size that the network wants.

        Raises MemoryShortError where it does not fit in small steps either (engine.ladder), NetworkError where the
        network fails, CancelledError where the device is closed.
        """
        session = self.load(network)
        try:
            return self.device.run(network, session, to_tensor(picture, network.tensors), self._work)
        except (BshmError, MemoryError):
            raise
        except Exception as error:  # runtimes' errors have no common base class
            frame = f"{picture.shape[1]} x {picture.shape[0]} pixels"
            raise NetworkError(f"{network.name}: the network failed on {frame}", str(error)) from error


def to_tensor(picture: Rgb8, tensors: Tensors) -> Tensor:
    """[H, W, 3] RGB 0..255 as a batch of one: (value - mean) / std, channels and axes in the network's own order."""
    ordered = picture if tensors.channels == "RGB" else picture[..., ::-1]
    scale = 1 / np.asarray(tensors.std, np.float32)
    values = ordered * scale - np.asarray(tensors.mean, np.float32) * scale
    axes = (2, 0, 1) if tensors.layout == "NCHW" else (0, 1, 2)
    return np.ascontiguousarray(values.transpose(axes)[None], np.float32)


def resized(picture: Rgb8, size: Size) -> Rgb8:
    """[H, W, 3] at another size: by area where it shrinks, cubic where it grows."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    how = cv2.INTER_AREA if size.area < width * height else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
