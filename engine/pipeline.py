"""The stages in their order: find people, choose the subjects, plan, crop, matte, compose, refine, true edge colours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from dataclasses import asdict
from typing import Any

import numpy as np

from engine.compose import compose, faded, without_haze, without_strangers
from engine.foreground import estimate_foreground
from engine.mattes import matte_of, working_picture
from engine.models.store import Store
from engine.networks import Networks
from engine.people.find import find_people
from engine.people.subjects import choose_subjects
from engine.refine import refine
from engine.routes import Plan, plan
from engine.runtimes import open_runtime
from engine.settings import Settings
from engine.types import Box, CutOut, Matte, Options, Person, Picture, Pixels, Report, Rgb8

# A find whose own matte fills less of its box than this was not a person.
_LEAST_FILLED = 0.10


class _Clock:
    """Milliseconds per stage; a stage that runs several times is added up."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            spent = (perf_counter() - start) * 1000
            self.milliseconds[name] = round(self.milliseconds.get(name, 0.0) + spent, 1)


class Engine:
    """Loads networks once and cuts out pictures, one at a time."""

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        """Raises DeviceError, and NetworkError where a network that is always needed is missing or damaged."""
        runtime = open_runtime(settings)
        self.device = runtime.device
        self._networks = Networks(runtime, store or Store(), settings.licences)
        self._settings = settings
        for task in ("people", "matte"):
            self._networks.load(self._networks.usable(task)[0])

    def cut_out(self, picture: Picture, options: Options = Options()) -> CutOut:
        """The people of a picture. Raises UsageError for an unknown network, NetworkError where one fails."""
        clock = _Clock()
        seen, frame = picture.rgb8, picture.size
        allowed = self._matting_networks(options.network)
        with clock.stage("people"):
            detector = self._networks.usable("people")[0]
            people = find_people(self._networks, detector, seen, thorough=options.people == "all")
            subjects = choose_subjects(people, seen, options.people)
        plans = [plan(person, frame, allowed) for person in subjects]
        strangers = [person for person in people if person not in subjects]
        done: list[tuple[Plan, Matte]] = []
        for each in plans:
            crop = seen[each.crop.window]
            with clock.stage("matte"):
                working = working_picture(crop)
                matte = matte_of(self._networks, each.passes, working)
                matte = _of_one_person(matte, each, strangers)
            if _filled(matte, each) < _LEAST_FILLED:
                continue
            with clock.stage("refine"):
                matte = without_haze(refine(matte, working, crop))
                if options.binary:
                    matte = np.asarray(matte > each.threshold, np.float32)
                done.append((each, faded(matte, each.crop, frame)))
        with clock.stage("compose"):
            whole = compose([(each.crop, matte) for each, matte in done], frame)
            if picture.alpha is not None:
                whole *= picture.alpha / np.float32(np.iinfo(picture.alpha.dtype).max)
        with clock.stage("foreground"):
            foreground = estimate_foreground(picture.pixels, whole)
        return CutOut(picture, whole, foreground, self._report(picture, [each for each, _ in done], len(people), clock))

    def _matting_networks(self, name: str) -> tuple[str, ...]:
        if name == "auto":
            return tuple(each.name for each in self._networks.usable("matte"))
        return (self._networks.require(name, "matte").name,)

    def _report(self, picture: Picture, plans: list[Plan], found: int, clock: _Clock) -> Report:
        warnings = list(picture.notes)
        if not plans:
            warnings.append("Nobody was found in this picture: the matte is empty.")
        return Report(
            width=picture.size.width,
            height=picture.size.height,
            people=tuple(_described(each) for each in plans),
            device=self.device,
            milliseconds=clock.milliseconds,
            warnings=tuple(warnings),
        )


def _in_working(box: Box, each: Plan, matte: Matte) -> Box:
    scale = matte.shape[1] / each.crop.size.width
    moved = Box(box.x0 - each.crop.left, box.y0 - each.crop.top, box.x1 - each.crop.left, box.y1 - each.crop.top)
    return moved.scaled(scale)


def _of_one_person(matte: Matte, each: Plan, strangers: list[Person]) -> Matte:
    boxes = [_in_working(stranger.box, each, matte) for stranger in strangers]
    return without_strangers(matte, _in_working(each.person.box, each, matte), boxes)


def _filled(matte: Matte, each: Plan) -> float:
    """The mean of the matte over the person's box."""
    box = _in_working(each.person.box, each, matte)
    inside = matte[int(box.y0) : int(np.ceil(box.y1)), int(box.x0) : int(np.ceil(box.x1))]
    return float(inside.mean()) if inside.size else 0.0


def _described(each: Plan) -> dict[str, Any]:
    return {
        "box": [round(edge) for edge in each.person.box],
        "score": round(each.person.score, 3),
        "share": round(each.share, 4),
        "route": str(each.route),
        "networks": [asdict(one) for one in each.passes],
    }
