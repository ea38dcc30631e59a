"""The stages in their order: people, plan, crop, matte, refine, compose, true edge colours. Only here it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.compose import binary, faded, paste_into, without_haze, without_strangers
from engine.crops import box_in_crop, grown, size_of
from engine.device import Pulse
from engine.errors import UsageError
from engine.foreground import estimate_foreground
from engine.mattes import fused, looks_at, resized_matte, working_picture
from engine.models.catalogue import NETWORKS
from engine.models.store import Store
from engine.networks import Networks
from engine.people.apart import without_neighbours
from engine.people.confirm import confirm, witness_of
from engine.people.find import find_candidates
from engine.people.marks import Marks, marks_of
from engine.people.pointed import Cropped, choose_pointed
from engine.people.subjects import choose_subjects
from engine.quality import QUALITY
from engine.refine import refine
from engine.routes import THRESHOLD, Plan, plan
from engine.runtimes.opening import open_runtime
from engine.settings import CHECKS, Settings, is_people
from engine.shortage import shortage_told
from engine.types import Box, Crop, CutOut, Matte, Options, Person, Picture, Pixels, Report, Rgb8
from engine.work import Work

# A crop that cuts a body is enlarged and matted again, at most this often.
_MOST_GROWTHS = 2

# How much of the work is done when everybody is found, when it is known who is marked, and when all are matted.
_FOUND, _MARKED, _MATTED = 0.3, 0.7, 0.9

# Of what the networks that take any size see when they are warmed up; a multiple of what each wants.
_WARM_SIDE = 64

_NOBODY = "Nobody was found in this picture: the matte is empty."
_NOBODY_THERE = "Nobody was found at the places that were marked: the matte is empty."


@dataclass(frozen=True)
class _CropMatte:
    """A person's matte on the way. matte: [h, w] like `working`, the crop at its working size; looks: what it is of."""

    crop: Crop
    working: Rgb8
    matte: Matte
    looks: tuple[Matte, ...]


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
    """Loads networks once and cuts out pictures, for several threads at once."""

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        """Loads what settings.network needs. Raises DeviceError, NetworkError where a network is missing or damaged,
        and UsageError where settings.network is not one that may be used."""
        self._networks = Networks(open_runtime(settings), store or Store(), settings)
        self._options = Options(settings.network, settings.people, settings.quality)
        for each in (
            *self._networks.usable("people"),
            witness_of(self._networks),
            *self._networks.matting(settings.network),
            *self._networks.usable("upscale"),
        ):
            self._networks.load(each)

    @property
    def device(self) -> str:
        """What runs the networks, in words."""
        return self._networks.devices

    @property
    def loaded(self) -> tuple[str, ...]:
        """The names of the networks that are in the memory."""
        return self._networks.loaded

    @property
    def pulse(self) -> Pulse:
        """Whether the device thread goes on, for a watchdog."""
        return self._networks.device.pulse

    def warm_up(self) -> None:
        """Runs each network once, so that the first picture takes no longer than the next. Raises NetworkError."""
        for name in self.loaded:
            network = NETWORKS[name]
            side = network.side or _WARM_SIDE
            self._networks.run(network, np.zeros((side, side, 3), np.uint8))

    def close(self) -> None:
        """Ends the device thread after the run under way; pictures that are not done raise CancelledError."""
        self._networks.device.close()

    def cut_out(
        self,
        picture: Picture,
        options: Options | None = None,
        work: Work | None = None,
        selection: npt.NDArray[np.uint8] | None = None,
    ) -> CutOut:
        """The people of a picture; without options, as the settings say. work: who waits for it, and how.
        selection: [H, W], 0..255; where it is 128 or more, those are meant who are there, as with points.

        Raises UsageError for unknown options, PictureError for points outside of the picture and a selection of another
        size, NetworkError where a network fails, MemoryShortError where the picture does not fit into the memory.
        """
        options, work = options or self._options, work or Work()
        if not is_people(options.people):
            raise UsageError(f"people cannot be '{options.people}'", f"it is {CHECKS['people'][1]}")
        marks = marks_of(options, picture.size, selection)
        what = f"there is not enough memory for a picture of {picture.size.width} x {picture.size.height} pixels"
        with shortage_told(what), self._networks.on_behalf_of(work) as networks:
            return self._cut_out(networks, picture, options, work, marks)

    def _cut_out(
        self, networks: Networks, picture: Picture, options: Options, work: Work, marks: Marks | None
    ) -> CutOut:
        clock, crisp, mirrored = _Clock(), options.edge == "crisp", QUALITY[options.quality].mirrored
        work.reached("people", 0.0)
        seen, frame = picture.rgb8, picture.size
        names = tuple(each.name for each in networks.matting(options.network))
        with clock.stage("people"):
            wanted = "all" if marks else options.people
            candidates = find_candidates(networks, seen, thorough=wanted == "all")
            people = confirm(networks, candidates, seen)
            subjects = choose_subjects(people, seen, wanted)
        plans = [_as_asked(each, options) for each in plan(subjects, frame, names)]
        ready: dict[Person, _CropMatte] = {}
        if marks:
            with clock.stage("matte"):
                ready = _marked(networks, plans, seen, marks, work, mirrored)
            plans = [each for each in plans if each.person in ready]
        chosen, start = {each.person for each in plans}, _MARKED if marks else _FOUND
        strangers = [each.box for each in people if each not in chosen]
        whole = np.zeros((frame.height, frame.width), np.float32)
        for number, each in enumerate(plans):
            work.reached("matte", start + (_MATTED - start) * number / len(plans))
            with clock.stage("matte"):
                made = ready.pop(each.person, None) or _matte(networks, each, seen, people, mirrored)
                matte = _without(strangers, each.person.box, made)
            with clock.stage("refine"):
                crop = seen[made.crop.window]
                matte = without_haze(
                    refine(matte, made.working, crop) if each.refined else resized_matte(matte, size_of(crop))
                )
            with clock.stage("compose"):
                matte = faded(matte, made.crop, frame)
                paste_into(whole, made.crop, binary(matte, each.threshold) if crisp else matte)
        work.reached("foreground", _MATTED)
        with clock.stage("foreground"):
            foreground = estimate_foreground(picture.pixels, whole)
            if picture.alpha is not None:
                whole = whole * _own_alpha(picture.alpha, crisp)
                foreground[whole == 0] = 0
        report = Report(
            width=frame.width,
            height=frame.height,
            people=tuple(_described(each) for each in plans),
            device=self.device,
            milliseconds=clock.milliseconds,
            warnings=(*picture.notes, *(() if plans else (_NOBODY_THERE if people else _NOBODY,))),
            steps=tuple(dict.fromkeys(work.steps)),
            source=asdict(picture.source),
        )
        return CutOut(picture, whole, foreground, report)


def _matte(networks: Networks, each: Plan, seen: Rgb8, people: tuple[Person, ...], mirrored: bool) -> _CropMatte:
    """The matte of a crop that is grown until it holds the body."""
    frame = size_of(seen)
    others = [one.box for one in people if one != each.person]
    crop = each.crop
    for _ in range(_MOST_GROWTHS + 1):
        working = working_picture(seen[crop.window])
        looks = looks_at(networks, each.passes, working, mirrored, each.sole)
        made = _CropMatte(crop, working, fused(looks), looks)
        crop = grown(crop, made.matte, frame, others)
        if crop == made.crop:
            break
    return made


def _marked(
    networks: Networks, plans: Sequence[Plan], seen: Rgb8, marks: Marks, work: Work, mirrored: bool
) -> dict[Person, _CropMatte]:
    """The mattes of those who are at marked pixels, and nobody else's part in them. plans: of everybody."""
    by_person = {each.person: each for each in plans}
    made: dict[Person, _CropMatte] = {}

    def mattes(person: Person) -> Cropped:
        work.reached("matte", _FOUND + (_MARKED - _FOUND) * len(made) / len(plans))
        one = made[person] = _matte(networks, by_person[person], seen, tuple(by_person), mirrored)
        others = [each for each in by_person if each != person]
        apart = replace(one, matte=without_neighbours(one.matte, one.working, one.crop, [person], others))
        own = _without([each.box for each in others], person.box, apart)
        return Cropped(one.crop, _without([], person.box, one), own)

    found = choose_pointed(by_person, marks, mattes)
    others = [each for each in by_person if each not in found.people]
    alone = {}
    for each in found.people:
        crop, working, matte = (one := made[each]).crop, one.working, one.matte
        known = found.seen_in(crop, size_of(matte)) if others else None
        alone[each] = replace(one, matte=without_neighbours(matte, working, crop, found.people, others, known))
    return alone


def _as_asked(each: Plan, options: Options) -> Plan:
    """The plan with what a request changes in it: as many passes as its quality has, and its own threshold."""
    passes = each.passes[: QUALITY[options.quality].passes]
    return replace(each, passes=passes, threshold=options.threshold or each.threshold)


def _without(strangers: list[Box], person: Box, made: _CropMatte) -> Matte:
    size = size_of(made.matte)
    boxes = [box_in_crop(stranger, made.crop, size) for stranger in strangers]
    return without_strangers(made.matte, box_in_crop(person, made.crop, size), boxes)


def _own_alpha(alpha: Pixels, hard: bool) -> Matte:
    """The picture's own alpha as a matte."""
    own = np.asarray(alpha / np.float32(np.iinfo(alpha.dtype).max), np.float32)
    return binary(own, THRESHOLD) if hard else own


def _described(each: Plan) -> dict[str, Any]:
    return {
        "box": [round(edge) for edge in each.person.box],
        "score": round(each.person.score, 3),
        "share": round(each.share, 4),
        "route": str(each.route),
        "passes": [asdict(one) for one in each.passes],
        "threshold": each.threshold,
    }
