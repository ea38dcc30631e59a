"""How each person is treated: one pure function over boxes and frame, and the table that it reads.

The table is what was measured (README, "Quality") on street photos, composites, portraits and groups, each person
cropped with a margin. MODNet on about 400 x 400 pixels beats RVM as long as the photo gives it sharp pixels; where it
does not, MODNet and U^2-Net-p want super-resolution first, RVM does not; and since what the three get wrong differs,
their mean beats each by far, as long as those are left out that have lost the person (engine.mattes), as MODNet often
does below 100 pixels of height. So a person's own pixels choose the route; the share of the frame decides alone whether
a crop is worth it. People who touch one another are matted best by RVM and MODNet together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.crops import crop_around
from engine.types import Box, Crop, Person, Size

# A person is small when the box has under 320 x 480 pixels, whatever the share (source article, "Absolute size").
SMALL_AREA = 320 * 480

# The binary matte's thresholds (source article, "Threshold").
THRESHOLD = 0.5
THRESHOLD_SMALL = 0.3

# From this share of the frame up, a crop would be the frame.
WHOLE_SHARE = 0.70

# Two people touch when their boxes do, either grown by this part of its sides.
_TOUCHING = 0.05


class Route(StrEnum):
    """How one person is treated."""

    DIRECT = "direct"
    RESIZED = "resized"
    UPSCALED = "upscaled"
    OTHER = "other network"


@dataclass(frozen=True)
class Pass:
    """One run of a matting network. side: it sees side x side pixels. upscaled: after super-resolution of the crop."""

    network: str
    side: int
    upscaled: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the table: for boxes of at least `area` square pixels that fill at least `share` of the frame.

    passes: `alone`, or `together` for a person who touches another subject; where none of their networks may be used,
    `instead`. `official`: BSHM's, where it is asked for, or trusted (see TRUSTED). refined: whether the matte then
    follows the photo's edges (engine.refine), which few pixels do not show.
    """

    area: float
    share: float
    route: Route
    alone: tuple[Pass, ...]
    together: tuple[Pass, ...]
    instead: tuple[Pass, ...]
    official: tuple[Pass, ...]
    refined: bool


_PORTRAIT = (Pass("modnet", 384), Pass("modnet", 448))
_GROUP = (Pass("rvm", 256), Pass("rvm", 320), Pass("modnet", 384))
_RVM = (Pass("rvm", 320), Pass("rvm", 384), Pass("u2netp", 320))
_SMALL = (
    Pass("modnet", 384, upscaled=True),
    Pass("u2netp", 320, upscaled=True),
    Pass("rvm", 256),
    Pass("modnet", 256, upscaled=True),
    Pass("rvm", 192),
)
_SMALL_GROUP = (
    Pass("rvm", 256),
    Pass("modnet", 384, upscaled=True),
    Pass("rvm", 192),
    Pass("modnet", 256, upscaled=True),
)
_TINY = (
    Pass("rvm", 256),
    Pass("u2netp", 320, upscaled=True),
    Pass("modnet", 256, upscaled=True),
    Pass("rvm", 192),
    Pass("modnet", 384, upscaled=True),
)

# BSHM sees a person about as large as in its training, 768 x 640 pixels (paper, the matting refinement network); the
# source article has hair and ears lost at 512 x 512, and a short side of 640 and more for shares of 10 to 30 %.
_BSHM = (Pass("bshm", 704),)
_BSHM_SMALL = (Pass("bshm", 512, upscaled=True),)
_BSHM_TINY = (Pass("bshm", 384, upscaled=True),)

TABLE: tuple[Row, ...] = (
    Row(SMALL_AREA, WHOLE_SHARE, Route.DIRECT, _PORTRAIT, _GROUP, _RVM, _BSHM, refined=True),
    Row(30_000, 0.0, Route.RESIZED, _PORTRAIT, _GROUP, _RVM, _BSHM, refined=True),
    Row(6_000, 0.0, Route.UPSCALED, _SMALL, _SMALL_GROUP, _SMALL, _BSHM_SMALL, refined=False),
    Row(0, 0.0, Route.OTHER, _TINY, _TINY, _TINY, _BSHM_TINY, refined=False),
)


@dataclass(frozen=True)
class Ground:
    """Where `auto` prefers a network that a user brought: pictures of at most `people` subjects, who fill at least
    `share` of the frame, whose sides are under `side` pixels. better: whether it was measured to be better there."""

    network: str
    people: int
    share: float
    side: int
    better: bool


# The ground on which BSHM's card and the source article call it good. `better` is what tests/bench/quality.py finds
# with the official weights; these could not be had where this was written, so nothing says that they beat what is here.
TRUSTED: tuple[Ground, ...] = (Ground("bshm", people=1, share=0.10, side=2000, better=False),)


@dataclass(frozen=True)
class Plan:
    """What is done for one person. crop: in the picture's pixels. sole: no other subject touches this one.
    refined: as in Row. threshold: of the binary matte."""

    person: Person
    share: float
    route: Route
    crop: Crop
    passes: tuple[Pass, ...]
    sole: bool
    refined: bool
    threshold: float


def plan(
    subjects: Sequence[Person], frame: Size, networks: Collection[str], trusted: Sequence[Ground] = TRUSTED
) -> tuple[Plan, ...]:
    """The treatment of each subject. networks: names of the matting networks that may be used, at least one."""
    grounds = [each for each in trusted if each.better and each.network in networks]
    return tuple(
        _plan_one(
            each,
            any(_touch(each.box, other.box) for other in subjects if other != each),
            any(_holds(ground, len(subjects), each, frame) for ground in grounds),
            frame,
            networks,
        )
        for each in subjects
    )


def _holds(ground: Ground, people: int, person: Person, frame: Size) -> bool:
    few = people <= ground.people and max(frame) < ground.side
    return few and person.box.area >= ground.share * frame.area


def _plan_one(person: Person, together: bool, official: bool, frame: Size, networks: Collection[str]) -> Plan:
    area, share = person.box.area, person.box.area / frame.area
    row = next(row for row in TABLE if area >= row.area and share >= row.share)
    wanted = (row.official if official else (), row.together if together else row.alone, row.instead, row.official)
    return Plan(
        person=person,
        share=share,
        route=row.route,
        crop=Crop(0, 0, *frame) if row.route is Route.DIRECT else crop_around(person.box, frame),
        passes=next(allowed for each in wanted if (allowed := _allowed(each, networks))),
        sole=not together,
        refined=row.refined,
        threshold=THRESHOLD_SMALL if area < SMALL_AREA else THRESHOLD,
    )


def _touch(box: Box, other: Box) -> bool:
    return box.grown(_TOUCHING).shared_with(other) > 0 or other.grown(_TOUCHING).shared_with(box) > 0


def _allowed(passes: tuple[Pass, ...], networks: Collection[str]) -> tuple[Pass, ...]:
    return tuple(each for each in passes if each.network in networks)
