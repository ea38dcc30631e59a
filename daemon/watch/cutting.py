"""A picture of a hot folder, cut out by the resident engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from daemon.chosen import read_background, sent_background
from daemon.resident import shortened_name
from engine.client import Asked, Client
from engine.settings import Settings


@dataclass(frozen=True)
class Cut:
    """What the engine gave. report: engine.types.Report as JSON has it. seconds: from the question to the answer."""

    report: Mapping[str, Any]
    results: Mapping[str, memoryview]
    seconds: float

    def with_warning(self, sentence: str) -> Cut:
        """The same, and something that the user should know."""
        return replace(self, report={**self.report, "warnings": [sentence, *self.report["warnings"]]})


def cut_out(client: Client, settings: Settings, data: bytes, name: str, kinds: tuple[str, ...], job: str) -> Cut:
    """Asks for these kinds of results, "report" among them or not. name: what sentences call the picture.

    Raises what engine.client.Client.cut_out raises, and UsageError where the background cannot be read.
    """
    colour = behind = None
    if "composite" in kinds:
        colour, behind = sent_background(settings, read_background(settings))
    asked = Asked(
        want=tuple(each for each in kinds if each != "report") or ("matte",),  # something has to be wanted
        format=settings.format,
        matte_bits=settings.matte_bits,
        priority="batch",
        network=settings.network,
        people=settings.people,
        quality=settings.quality,
        background=colour,
        job=job,
        name=shortened_name(name),
    )
    begun = time.monotonic()
    answer = client.cut_out(data, asked, behind)
    return Cut(answer.report, answer.results, time.monotonic() - begun)
