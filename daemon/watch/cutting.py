"""A picture of a hot folder, cut out by the resident engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daemon.asking import asked_by
from daemon.chosen import read_background, sent_background
from engine.client import Client
from engine.settings import Settings


@dataclass(frozen=True)
class Cut:
    """What the engine gave. report: engine.types.Report as JSON has it. seconds: from the question to the answer."""

    report: Mapping[str, Any]
    results: Mapping[str, memoryview]
    seconds: float


def cut_out(client: Client, settings: Settings, data: bytes, name: str, kinds: tuple[str, ...], job: str) -> Cut:
    """Asks for these kinds of results, "report" among them or not. name: what sentences call the picture.

    Raises what engine.client.Client.cut_out raises, and UsageError where the background cannot be read.
    """
    colour = behind = None
    if "composite" in kinds:
        colour, behind = sent_background(settings, read_background(settings))
    asked = asked_by(settings, kinds, name=name, job=job, priority="batch", background=colour)
    begun = time.monotonic()
    answer = client.cut_out(data, asked, behind)
    return Cut(answer.report, answer.results, time.monotonic() - begun)
