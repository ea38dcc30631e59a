"""One layer's pixels through the engine: what is asked for, how far it is, and what comes back."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bshm_cut_out.connection import Answer, Engine, cut_out
from bshm_cut_out.errors import N_, BusyError, CutOutError, RefusedError
from bshm_cut_out.waiting import while_telling

_PATIENCE = 60.0  # seconds for which a layer is offered to an engine whose queue is full
_GONE = 5.0  # seconds without a sign of life after which the engine is given up

# The engine's stages in the user's words.
STAGES = {
    "receive": N_("Sending the layer"),
    "wait": N_("Waiting for other pictures"),
    "decode": N_("Reading the layer"),
    "people": N_("Finding people"),
    "matte": N_("Cutting out"),
    "foreground": N_("Freeing the edges of the background"),
    "encode": N_("Writing the result"),
    "done": N_("Writing the result"),
}

Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Asked:
    """What is wanted of a layer. want: "matte" or "cutout". people: "auto", "all" or "largest". edge: "soft" or
    "crisp". selection: a byte for each of the layer's pixels; those people are meant on whom one is 128 or more. None:
    `people` says whom."""

    want: str
    network: str
    people: str
    edge: str
    selection: bytes | None = None

    def query(self, job: str, name: str) -> dict[str, str]:
        """The parameters of POST /v1/cutout. name: what sentences call the layer."""
        whom = {"people": self.people} if self.selection is None else {}
        return {
            "want": self.want,
            "format": "raw",
            "priority": "interactive",
            "network": self.network,
            "edge": self.edge,
            "job": job,
            "name": name,
            **whom,
        }


@dataclass(frozen=True)
class Pixels:
    """A layer's. channels: 3 (RGB) or 4 (RGBA). samples: 8 bits each, row by row. name: the layer's."""

    width: int
    height: int
    channels: int
    samples: bytes
    name: str


def cut_out_by(engine: Engine, asked: Asked, pixels: Pixels, tell: Tell) -> Answer:
    """The engine's answer. tell: is given a stage (of STAGES, or the engine's own word) and the done part, 0..1.

    Raises CutOutError, also where the engine stays busy, or ends meanwhile.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return _offered(engine, asked, pixels, tell)
        except BusyError as error:
            until = time.monotonic() + error.retry_after
            if until > end:
                raise
            while time.monotonic() < until:
                tell(STAGES["wait"], 0.0)
                time.sleep(0.1)


def _offered(engine: Engine, asked: Asked, pixels: Pixels, tell: Tell) -> Answer:
    job = f"gimp-{os.getpid()}-{uuid.uuid4().hex[:12]}"
    call = engine.picture()
    size = (pixels.width, pixels.height, pixels.channels)
    watch = _Watch(engine, job, tell)
    name = "".join(each for each in pixels.name if each.isprintable())[:200] or "layer"
    answer = while_telling(
        lambda: cut_out(call, asked.query(job, name), size, pixels.samples, asked.selection), watch.look, call.hang_up
    )
    wanted = pixels.width * pixels.height * {"matte": 1, "cutout": 4}[asked.want]
    if len(answer.samples) != wanted:
        raise call.stranger(f"{len(answer.samples)} != {wanted}")
    return answer


class _Watch:
    """Follows a job, and notices where the engine is gone though the connection stands."""

    def __init__(self, engine: Engine, job: str, tell: Tell) -> None:
        self._engine, self._job, self._tell = engine, job, tell
        self._seen = time.monotonic()

    def look(self) -> None:
        """Tells the stage. Raises CutOutError where nothing was heard of the engine for a while."""
        try:
            record = self._engine.job(self._job)
        except RefusedError:  # 404: the request has not come that far
            self._seen = time.monotonic()
        except CutOutError:
            if time.monotonic() - self._seen > _GONE:
                raise
        else:
            self._seen = time.monotonic()
            self._tell(*_stage_of(record))


def _stage_of(record: dict[str, Any]) -> tuple[str, float]:
    stage, progress = str(record.get("stage", "")), record.get("progress")
    part = float(progress) if isinstance(progress, (int, float)) else 0.0
    return STAGES.get(stage, stage), min(max(part, 0.0), 1.0)
