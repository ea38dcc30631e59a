"""How each person is treated: the table row by row, and what holds for every person in every frame."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.crops import crop_around
from engine.models.catalogue import NETWORKS, allowed
from engine.models.choice import PREFERENCE
from engine.routes import TABLE, TRUSTED, Ground, Pass, Plan, Route, plan
from engine.types import Box, Crop, Person, Size

ALL = PREFERENCE["matte"]
PERMISSIVE = tuple(name for name in ALL if allowed(NETWORKS[name], "permissive"))

PHOTO = Size(4000, 3000)
SQUARE = Size(1000, 1000)


def person(width: float, height: float, left: float = 0, top: float = 0) -> Person:
    return Person(Box(left, top, left + width, top + height), 0.9)


def neighbour_of(one: Person) -> Person:
    """Somebody as large, whose box touches."""
    return Person(Box(one.box.x1, one.box.y0, one.box.x1 + one.box.width, one.box.y1), 0.8)


def words(passes: tuple[Pass, ...]) -> str:
    """As it is written below: x4 is super-resolution."""
    return ", ".join(f"{one.network} {one.side}{' x4' * one.upscaled}" for one in passes)


# What the table says for a box in a frame.
DIRECT = (Route.DIRECT, 0.5)
RESIZED = (Route.RESIZED, 0.5)
RESIZED_SMALL = (Route.RESIZED, 0.3)
UPSCALED = (Route.UPSCALED, 0.3)
OTHER = (Route.OTHER, 0.3)
SMALL = "modnet 384 x4, u2netp 320 x4, rvm 256, modnet 256 x4, rvm 192"
SMALL_GROUP = "rvm 256, modnet 384 x4, rvm 192, modnet 256 x4"
TINY = "rvm 256, u2netp 320 x4, modnet 256 x4, rvm 192, modnet 384 x4"


@pytest.mark.parametrize(
    ("width", "height", "frame", "treatment"),
    [
        pytest.param(1000, 1000, SQUARE, DIRECT, id="fills the frame"),
        pytest.param(1000, 700, SQUARE, DIRECT, id="70 % of the frame"),
        pytest.param(1000, 699, SQUARE, RESIZED, id="just under 70 %"),
        pytest.param(320, 480, PHOTO, RESIZED, id="153 600 pixels"),
        pytest.param(320, 480, Size(320, 480), DIRECT, id="153 600 pixels, all of the frame"),
        pytest.param(269, 571, PHOTO, RESIZED_SMALL, id="153 599 pixels"),
        pytest.param(269, 571, Size(269, 571), RESIZED_SMALL, id="153 599 pixels, all of the frame"),
        pytest.param(150, 200, PHOTO, RESIZED_SMALL, id="30 000 pixels"),
        pytest.param(131, 229, PHOTO, UPSCALED, id="29 999 pixels"),
        pytest.param(131, 229, Size(131, 229), UPSCALED, id="29 999 pixels, all of the frame"),
        pytest.param(60, 100, PHOTO, UPSCALED, id="6 000 pixels"),
        pytest.param(7, 857, PHOTO, OTHER, id="5 999 pixels"),
        pytest.param(7, 857, Size(7, 857), OTHER, id="5 999 pixels, all of the frame"),
        pytest.param(1, 1, PHOTO, OTHER, id="one pixel"),
    ],
)
def test_pixels_and_share_choose_route_and_threshold(
    width: float, height: float, frame: Size, treatment: tuple[Route, float]
) -> None:
    (made,) = plan([person(width, height)], frame, ALL)
    assert (made.route, made.threshold) == treatment
    assert made.share == width * height / frame.area


@pytest.mark.parametrize(
    ("one", "alone", "together"),
    [
        (person(1000, 1500), "modnet 384, modnet 448", "rvm 256, rvm 320, modnet 384"),
        (person(150, 200), "modnet 384, modnet 448", "rvm 256, rvm 320, modnet 384"),
        (person(100, 100), SMALL, SMALL_GROUP),
        (person(30, 70), TINY, TINY),
    ],
    ids=["large", "middling", "small", "tiny"],
)
def test_pixels_and_neighbours_choose_the_passes(one: Person, alone: str, together: str) -> None:
    out_of_reach = Person(Box(3000, 2500, 3100, 2600), 0.7)
    assert words(plan([one], PHOTO, ALL)[0].passes) == alone
    assert words(plan([one, out_of_reach], PHOTO, ALL)[0].passes) == alone
    assert [words(each.passes) for each in plan([one, neighbour_of(one)], PHOTO, ALL)] == [together, together]


def test_a_portrait_that_fills_its_frame_is_seen_like_any_large_person() -> None:
    assert words(plan([person(1000, 800)], SQUARE, ALL)[0].passes) == "modnet 384, modnet 448"


@pytest.mark.parametrize(
    ("gap", "touching"), [(-10, True), (0, True), (4.9, True), (5.1, False)], ids=["overlap", "meet", "near", "apart"]
)
def test_people_touch_up_to_a_twentieth_of_a_box(gap: float, touching: bool) -> None:
    left, right = person(100, 400), person(100, 400, left=100 + gap)
    assert ["rvm" in words(each.passes) for each in plan([left, right], PHOTO, ALL)] == [touching, touching]


@pytest.mark.parametrize(
    ("networks", "one", "alone", "together"),
    [
        (PERMISSIVE, person(1000, 1500), "modnet 384, modnet 448", "modnet 384"),
        (PERMISSIVE, person(150, 200), "modnet 384, modnet 448", "modnet 384"),
        (PERMISSIVE, person(100, 100), "modnet 384 x4, u2netp 320 x4, modnet 256 x4", "modnet 384 x4, modnet 256 x4"),
        (PERMISSIVE, person(30, 70), *2 * ("u2netp 320 x4, modnet 256 x4, modnet 384 x4",)),
        (("bshm",), person(1000, 1500), "bshm 704", "bshm 704"),
        (("bshm",), person(150, 200), "bshm 704", "bshm 704"),
        (("bshm",), person(100, 100), "bshm 512 x4", "bshm 512 x4"),
        (("bshm",), person(30, 70), "bshm 384 x4", "bshm 384 x4"),
        (("rvm",), person(1000, 1500), "rvm 320, rvm 384", "rvm 256, rvm 320"),
        (("rvm",), person(150, 200), "rvm 320, rvm 384", "rvm 256, rvm 320"),
        (("rvm",), person(100, 100), "rvm 256, rvm 192", "rvm 256, rvm 192"),
        (("rvm",), person(30, 70), "rvm 256, rvm 192", "rvm 256, rvm 192"),
        (("u2netp",), person(1000, 1500), "u2netp 320", "u2netp 320"),
        (("u2netp",), person(150, 200), "u2netp 320", "u2netp 320"),
        (("u2netp",), person(100, 100), "u2netp 320 x4", "u2netp 320 x4"),
        (("u2netp",), person(30, 70), "u2netp 320 x4", "u2netp 320 x4"),
    ],
)
def test_where_some_networks_may_not_be_used_the_others_do_it(
    networks: tuple[str, ...], one: Person, alone: str, together: str
) -> None:
    assert words(plan([one], PHOTO, networks)[0].passes) == alone
    assert words(plan([one, neighbour_of(one)], PHOTO, networks)[0].passes) == together


def test_direct_takes_the_frame_and_every_other_route_a_crop_round_the_person() -> None:
    frame = Size(2000, 2000)
    assert plan([person(1900, 1900, 50, 50)], frame, ALL)[0].crop == Crop(0, 0, 2000, 2000)
    one = person(300, 600, 700, 500)
    assert plan([one], frame, ALL)[0].crop == crop_around(one.box, frame) != Crop(0, 0, 2000, 2000)


def test_plans_come_in_the_order_of_the_people() -> None:
    people = [person(30, 70), person(1000, 1500, 500, 200), person(100, 200, 2000, 2000)]
    assert [each.person for each in plan(people, PHOTO, ALL)] == people


def test_who_touches_nobody_is_one_body_and_few_pixels_are_not_refined() -> None:
    large, small = person(300, 600), person(100, 100)
    assert [each.sole for each in plan([large, small], PHOTO, ALL)] == [False, False]
    assert [each.sole for each in plan([large], PHOTO, ALL)] == [True]
    assert [plan([one], PHOTO, ALL)[0].refined for one in (large, small, person(30, 70))] == [True, False, False]


def test_nobody_needs_no_plan() -> None:
    assert plan([], PHOTO, ALL) == ()


def test_the_table_ends_with_a_row_for_everybody_and_names_matting_networks_alone() -> None:
    assert (TABLE[-1].area, TABLE[-1].share) == (0, 0)
    named = {one.network for row in TABLE for one in (*row.alone, *row.together, *row.instead)}
    assert named == set(ALL)


@st.composite
def crowds(draw: Callable[[st.SearchStrategy[float]], float]) -> tuple[list[Person], Size]:
    """Up to five people anywhere in a frame of any size."""
    frame = Size(int(draw(st.integers(1, 9000))), int(draw(st.integers(1, 9000))))
    people = []
    for _ in range(int(draw(st.integers(1, 5)))):
        across = sorted(draw(st.floats(0, frame.width)) for _ in range(2))
        down = sorted(draw(st.floats(0, frame.height)) for _ in range(2))
        people.append(Person(Box(across[0], down[0], across[1], down[1]), draw(st.floats(0, 1))))
    return people, frame


@given(crowds(), st.sampled_from([ALL, PERMISSIVE, ("rvm",)]))
def test_everybody_in_every_frame_gets_one_plan_that_can_be_carried_out(
    crowd: tuple[list[Person], Size], networks: tuple[str, ...]
) -> None:
    people, frame = crowd
    plans = plan(people, frame, networks)
    assert [each.person for each in plans] == people
    for each in plans:
        can_be_carried_out(each, frame, networks)


def can_be_carried_out(made: Plan, frame: Size, networks: tuple[str, ...]) -> None:
    assert made.passes
    assert {one.network for one in made.passes} <= set(networks)
    assert all(one.side > 0 for one in made.passes)
    assert 0 <= made.share <= 1
    assert made.threshold in (0.3, 0.5)
    crop, box = made.crop, made.person.box
    assert 0 <= crop.left < crop.right <= frame.width
    assert 0 <= crop.top < crop.bottom <= frame.height
    assert crop.left <= box.x0 <= box.x1 <= crop.right
    assert crop.top <= box.y0 <= box.y1 <= crop.bottom


class TestTrusted:
    """Networks that a user brought, in `auto`: on the ground where they are called good, and were measured to be."""

    WITH_BSHM = (*ALL, "bshm")
    BETTER = (Ground("bshm", people=1, share=0.10, side=2000, better=True),)

    def test_bshm_is_trusted_on_its_cards_ground_once_it_was_measured_to_be_better(self) -> None:
        (ground,) = TRUSTED
        assert (ground.network, ground.people, ground.share, ground.side) == ("bshm", 1, 0.10, 2000)
        assert not ground.better  # the official weights could not be had

    def test_what_was_not_measured_to_be_better_changes_nothing(self) -> None:
        alone = person(500, 900)
        assert plan([alone], SQUARE, self.WITH_BSHM) == plan([alone], SQUARE, ALL)

    @pytest.mark.parametrize(
        ("one", "frame", "passes"),
        [
            pytest.param(person(250, 400), SQUARE, "bshm 704", id="10 % of the frame"),
            pytest.param(person(250, 399), SQUARE, "modnet 384, modnet 448", id="just under"),
            pytest.param(person(1500, 1900), Size(1999, 1999), "bshm 704", id="under 2000 pixels a side"),
            pytest.param(person(1500, 1900), Size(2000, 1999), "modnet 384, modnet 448", id="2000 pixels"),
        ],
    )
    def test_on_its_ground_it_is_taken(self, one: Person, frame: Size, passes: str) -> None:
        (made,) = plan([one], frame, self.WITH_BSHM, self.BETTER)
        assert words(made.passes) == passes

    def test_of_two_people_neither_is_given_to_it(self) -> None:
        two = [person(300, 600), person(300, 600, left=600)]
        assert plan(two, SQUARE, self.WITH_BSHM, self.BETTER) == plan(two, SQUARE, ALL)

    def test_where_it_may_not_be_used_the_others_do_it(self) -> None:
        assert plan([person(500, 900)], SQUARE, ALL, self.BETTER) == plan([person(500, 900)], SQUARE, ALL)
