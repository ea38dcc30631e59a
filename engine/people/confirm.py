"""Candidates -> people: is somebody really there? A matting network that knows people is asked about each.

Detectors take parrots, palms and caps on a wall for people; RVM mattes none of them, and asking it costs some 40 ms.
Measured on 226 boxes of people and 78 others in composites and pictures of nobody: RVM filled at least 0.35 of a
person's box, and of the others' 0.39 at most, but for boxes that are tiny in the frame.
"""

from __future__ import annotations

from engine.crops import box_in_crop, crop_around, size_of, window
from engine.mattes import run_network
from engine.models.catalogue import NETWORKS, Network
from engine.networks import Networks
from engine.people.find import Candidate
from engine.types import Box, Person, Rgb8

# The witnesses, best first, with the sides of what they see; of what only a second detector saw, each must show enough:
# a parrot filled 0.59 of a box at 224 pixels and 0.06 at 320, people as much at both. MODNet mattes whatever stands
# out, a parrot too, and nobody in a few pixels: where only it may be asked (`licences: permissive`), the detector must
# be surer, and decides alone about boxes with fewer pixels than this.
_WITNESSES = {"rvm": (224, 320), "modnet": (320,)}
_LEAST_WITHOUT_RVM = 0.25
_TOO_SMALL_FOR_MODNET = 30_000

# Never seen wrong: needs no witness.
_SURE = 0.60

# What the witness must fill of the box: of what the first detector saw, and of what only a second one saw.
_FILLED_FIRST = 0.25
_FILLED_SECOND = 0.42

# Boxes under this share of the frame: a few pixels, which the witness cannot judge so well. The best detector must have
# seen it, and be surer, or the witness fill more of the box, and at both sizes. Measured on six people of 0.5 % of the
# frame whom a detector saw with 0.28 to 0.66: filled 0.53 to 0.70; and in 75 pictures of nobody: no such box.
_TINY_SHARE = 0.01
_TINY_SCORE = 0.40
_FILLED_TINY = 0.50


def witness_of(networks: Networks) -> Network:
    """The matting network that is asked: the best one that the licence setting allows."""
    allowed = {each.name for each in networks.usable("matte")}
    return next(NETWORKS[name] for name in _WITNESSES if name in allowed)


def confirm(networks: Networks, candidates: tuple[Candidate, ...], picture: Rgb8) -> tuple[Person, ...]:
    """The candidates who are people. picture: [H, W, 3] RGB."""
    return tuple(each.person for each in candidates if _is_person(networks, each, picture))


def _is_person(networks: Networks, candidate: Candidate, picture: Rgb8) -> bool:
    person, frame = candidate.person, size_of(picture)
    if person.box.area <= 0:
        return False
    if candidate.first and person.score >= _SURE:
        return True
    tiny = person.box.area < _TINY_SHARE * frame.area
    doubtful = tiny and person.score < _TINY_SCORE
    if tiny and not candidate.first:
        return False
    witness = witness_of(networks)
    if witness.name == "modnet" and (person.score < _LEAST_WITHOUT_RVM or person.box.area < _TOO_SMALL_FOR_MODNET):
        return person.score >= (_TINY_SCORE if tiny else _LEAST_WITHOUT_RVM)
    sides = _WITNESSES[witness.name]
    if candidate.first and not doubtful:
        return _filled(networks, witness, sides[0], person.box, picture) >= _FILLED_FIRST
    least = _FILLED_TINY if candidate.first else _FILLED_SECOND
    return all(_filled(networks, witness, side, person.box, picture) >= least for side in sides)


def _filled(networks: Networks, witness: Network, side: int, box: Box, picture: Rgb8) -> float:
    """The mean of the witness's matte over the box."""
    crop = crop_around(box, size_of(picture))
    matte = run_network(networks, witness, picture[crop.window], side)
    return float(matte[window(box_in_crop(box, crop, size_of(matte)))].mean())
