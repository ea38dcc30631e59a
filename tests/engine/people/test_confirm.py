"""Is somebody really there? People stay, what only looks like one goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.models.store import Store
from engine.networks import Networks
from engine.people.confirm import confirm
from engine.people.find import Candidate
from engine.runtimes.opening import open_runtime
from engine.settings import Settings
from engine.types import Box, Person
from tests.engine.scenes import Scene, photo

if TYPE_CHECKING:
    from engine.types import Rgb8

# A box in each that a detector might take for a person.
THINGS = [
    ("coffee", Box(150, 50, 450, 380)),
    ("chelsea", Box(100, 20, 350, 290)),
    ("rocket", Box(280, 60, 380, 400)),
    ("brick", Box(100, 50, 300, 450)),
    ("grass", Box(100, 50, 300, 450)),
    ("coins", Box(20, 20, 360, 290)),
]


def kept(networks: Networks, pixels: Rgb8, box: Box, score: float, first: bool = True) -> bool:
    candidate = Candidate(Person(box, score), first)
    people = confirm(networks, (candidate,), pixels)
    assert people in ((), (candidate.person,))
    return bool(people)


@pytest.mark.parametrize("score", [0.16, 0.59, 0.9])
@pytest.mark.parametrize("first", [True, False])
def test_a_person_stays_whoever_saw_her_and_how_surely(
    networks: Networks, portrait: Scene, score: float, first: bool
) -> None:
    assert kept(networks, portrait.pixels, portrait.boxes[0], score, first)


@pytest.mark.parametrize(("name", "box"), THINGS)
@pytest.mark.parametrize("first", [True, False])
def test_a_thing_goes_though_a_detector_thinks_it_likely(networks: Networks, name: str, box: Box, first: bool) -> None:
    assert not kept(networks, photo(name), box, 0.59, first)


def test_a_place_beside_the_person_goes(networks: Networks, portrait: Scene) -> None:
    assert not kept(networks, portrait.pixels, Box(5, 40, 120, 310), 0.5)


def test_what_the_first_detector_is_sure_of_needs_no_witness(networks: Networks) -> None:
    name, box = THINGS[0]
    assert kept(networks, photo(name), box, 0.60)
    assert not kept(networks, photo(name), box, 0.60, first=False)


class TestTiny:
    """Under a hundredth of the frame the score must do, or else the witness at two sizes."""

    def test_a_likely_one_stays(self, networks: Networks, distant: Scene) -> None:
        assert kept(networks, distant.pixels, distant.boxes[0], 0.41)

    def test_an_unlikely_one_stays_where_the_witness_is_surer(self, networks: Networks, distant: Scene) -> None:
        assert kept(networks, distant.pixels, distant.boxes[0], 0.25)

    def test_an_unlikely_one_goes_where_the_box_is_only_partly_filled(self, networks: Networks, distant: Scene) -> None:
        box = distant.boxes[0]
        beside = Box(box.x0 - 0.5 * box.width, box.y0, box.x1 - 0.5 * box.width, box.y1)
        assert kept(networks, distant.pixels, beside, 0.41)
        assert not kept(networks, distant.pixels, beside, 0.39)

    def test_one_that_only_a_second_detector_saw_goes(self, networks: Networks, distant: Scene) -> None:
        assert not kept(networks, distant.pixels, distant.boxes[0], 0.59, first=False)

    def test_a_likely_thing_goes_all_the_same(self, networks: Networks, distant: Scene) -> None:
        assert not kept(networks, distant.pixels, Box(100, 100, 200, 230), 0.55)


def test_an_empty_box_is_nobody(networks: Networks, portrait: Scene) -> None:
    assert not kept(networks, portrait.pixels, Box(100, 50, 100, 200), 0.9)
    assert not kept(networks, portrait.pixels, Box(420, 320, 420, 320), 0.9)


def test_several_are_judged_each_for_itself_and_keep_their_order(networks: Networks, portrait: Scene) -> None:
    her, wall = portrait.boxes[0], Box(5, 40, 120, 310)
    candidates = tuple(Candidate(Person(box, 0.5), True) for box in (wall, her, wall, her.grown(0.02)))
    assert confirm(networks, candidates, portrait.pixels) == (candidates[1].person, candidates[3].person)


class TestWithPermissiveNetworksAlone:
    """MODNet is asked, which is easier to convince: the detector must be surer."""

    @pytest.fixture
    def permissive(self) -> Networks:
        return Networks(open_runtime(Settings()), Store(), Settings(licences="permissive"))

    @pytest.mark.parametrize(("score", "stays"), [(0.24, False), (0.26, True)])
    def test_a_person_stays_whom_the_detector_is_half_sure_of(
        self, permissive: Networks, portrait: Scene, score: float, stays: bool
    ) -> None:
        assert kept(permissive, portrait.pixels, portrait.boxes[0], score) == stays

    def test_a_wall_goes(self, permissive: Networks) -> None:
        assert not kept(permissive, photo("brick"), Box(100, 50, 300, 450), 0.59)
