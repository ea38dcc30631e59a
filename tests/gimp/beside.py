"""What the tests with any GIMP share: a hand beside it while it runs, what it says, and a photo in every form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest

from engine.types import Pixels, Rgb8, Size
from tests.engine.scenes import photo
from tests.engine.server.live import Live, live
from tests.gimp.judging import Judge

_FACT = "FACT "  # a line of standard output that the checks inside GIMP wrote


@pytest.fixture(scope="session")
def resident() -> Iterator[Live]:
    """A real engine with real networks, one look at each person."""
    with live("quality: fast\n") as engine:
        yield engine


@pytest.fixture(scope="module")
def judge(desk: Any, resident: Live) -> Judge:
    """desk: of either GIMP."""
    return Judge(resident, desk.shared)


def astronaut(size: Size) -> Rgb8:
    """A person, [height, width, 3]."""
    return np.asarray(cv2.resize(photo("astronaut"), size, interpolation=cv2.INTER_AREA), np.uint8)


def lay_ready(shared: Path, pixels: Rgb8, alpha: Pixels) -> None:
    """Files of a photo's samples, for the checks to paint: photo.rgb, .rgba, .grey, .greya. alpha: of a row."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    rows = np.tile(alpha, (pixels.shape[0], 1))
    for name, each in {"rgb": pixels, "grey": grey}.items():
        (shared / f"photo.{name}").write_bytes(each.tobytes())
        (shared / f"photo.{name}a").write_bytes(np.dstack([each, rows]).tobytes())


@contextmanager
def beside(action: Callable[[], None] | None) -> Iterator[None]:
    """Runs a function in a thread; raises what it raised."""
    raised: list[BaseException] = []

    def call() -> None:
        try:
            if action:
                action()
        except BaseException as error:  # noqa: BLE001  # raised again below, in the thread that is listened to
            raised.append(error)

    thread = Thread(target=call)
    thread.start()
    yield
    thread.join()
    if raised:
        raise raised[0]


def facts_of(output: str) -> Mapping[str, dict[str, Any]]:
    """What the checks said, by their names."""
    lines = (line.removeprefix(_FACT) for line in output.splitlines() if line.startswith(_FACT))
    return {facts.pop("check"): facts for facts in map(json.loads, lines)}
