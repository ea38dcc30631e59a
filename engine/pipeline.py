"""The stages in their order: find people, choose the subjects, plan, crop, matte, compose, refine, true edge colours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from time import perf_counter
from typing import Any

import numpy as np

from engine.compose import compose, faded, without_haze, without_strangers
from engine.crops import box_in_crop, grown
from engine.foreground import estimate_foreground
from engine.mattes import matte_of, working_picture
from engine.models.store import Store
from engine.networks import Networks
from engine.people.confirm import confirm
from engine.people.find import find_candidates
from engine.people.subjects import choose_subjects
from engine.refine import refine
from engine.routes import Plan, plan
from engine.runtimes import open_runtime
from engine.settings import Settings
from engine.types import Crop, CutOut, Matte, Options, Person, Picture, Report, Rgb8, Size

# A crop that cuts a body is enlarged and matted again, at most this often.
_MOST_GROWTHS = 2


_DEFAULTS = Options()


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

    def cut_out(self, picture: Picture, options: Options = _DEFAULTS) -> CutOut:
        """The people of a picture. Raises UsageError for an unknown network, NetworkError where one fails."""
        clock = _Clock()
        seen, frame = picture.rgb8, picture.size
        allowed = self._matting_networks(options.network)
        with clock.stage("people"):
            candidates = find_candidates(self._networks, seen, thorough=options.people == "all")
            people = confirm(self._networks, candidates, seen)
            subjects = choose_subjects(people, seen, options.people)
        done: list[tuple[Plan, Matte]] = []
        for each in plan(subjects, frame, allowed):
            with clock.stage("matte"):
                crop, working, matte = self._matte(each, seen, people)
                strangers = [
                    box_in_crop(one.box, crop, Size(matte.shape[1], matte.shape[0]))
                    for one in people
                    if one not in subjects
                ]
                matte = without_strangers(
                    matte, box_in_crop(each.person.box, crop, Size(matte.shape[1], matte.shape[0])), strangers
                )
            with clock.stage("refine"):
                matte = without_haze(refine(matte, working, seen[crop.window]))
                if options.binary:
                    matte = np.asarray(matte > each.threshold, np.float32)
                done.append((replace(each, crop=crop), faded(matte, crop, frame)))
        with clock.stage("compose"):
            whole = compose([(each.crop, matte) for each, matte in done], frame)
            if picture.alpha is not None:
                whole *= picture.alpha / np.float32(np.iinfo(picture.alpha.dtype).max)
        with clock.stage("foreground"):
            foreground = estimate_foreground(picture.pixels, whole)
        return CutOut(picture, whole, foreground, self._report(picture, [each for each, _ in done], clock))

    def _matte(self, each: Plan, seen: Rgb8, people: tuple[Person, ...]) -> tuple[Crop, Rgb8, Matte]:
        """The crop, grown until it holds the body, at its working size, with its matte."""
        frame = Size(seen.shape[1], seen.shape[0])
        others = [one.box for one in people if one != each.person]
        crop = each.crop
        for growth in range(_MOST_GROWTHS + 1):
            working = working_picture(seen[crop.window])
            matte = matte_of(self._networks, each.passes, working)
            larger = grown(crop, matte, frame, others)
            if larger == crop or growth == _MOST_GROWTHS:
                break
            crop = larger
        return crop, working, matte

    def _matting_networks(self, name: str) -> tuple[str, ...]:
        if name == "auto":
            return tuple(each.name for each in self._networks.usable("matte"))
        return (self._networks.require(name, "matte").name,)

    def _report(self, picture: Picture, plans: list[Plan], clock: _Clock) -> Report:
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


def _described(each: Plan) -> dict[str, Any]:
    return {
        "box": [round(edge) for edge in each.person.box],
        "score": round(each.person.score, 3),
        "share": round(each.share, 4),
        "route": str(each.route),
        "networks": [asdict(one) for one in each.passes],
    }
