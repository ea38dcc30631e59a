"""Whom a picture is about: everybody in a group, not the passers-by behind a portrait."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.people.subjects import choose_subjects
from engine.types import Box, CutOut, Person, Rgb8, Size
from tests.engine.scenes import Scene, Spot, scene, surface

FRAME = Size(640, 320)


def people_of(shown: Scene) -> tuple[Person, ...]:
    return tuple(Person(box, 0.6) for box in shown.boxes)


def street(collins: CutOut, *spots: Spot, blurred: dict[int, float] | None = None) -> Scene:
    return scene(surface("brick", FRAME), collins, *spots, blurred=blurred)


class TestAuto:
    def test_one_person_is_the_subject(self, portrait: Scene) -> None:
        people = people_of(portrait)
        assert choose_subjects(people, portrait.pixels, "auto") == people

    def test_nobody_is_nobody(self, portrait: Scene) -> None:
        assert choose_subjects((), portrait.pixels, "auto") == ()

    def test_a_group_is_kept_whole_largest_first(self, group: Scene) -> None:
        people = people_of(group)
        expected = tuple(sorted(people, key=lambda each: -each.box.area))
        assert choose_subjects(people, group.pixels, "auto") == expected
        assert choose_subjects(people[::-1], group.pixels, "auto") == expected

    @pytest.mark.parametrize("height", [150, 220])
    def test_a_blurred_passer_by_is_left_out(self, collins: CutOut, height: int) -> None:
        shown = street(collins, Spot(height, 20, 320 - height), Spot(290, 300, 30), blurred={0: 3.0})
        passer_by, subject = people_of(shown)
        assert choose_subjects((passer_by, subject), shown.pixels, "auto") == (subject,)

    def test_the_same_one_is_kept_when_sharp(self, collins: CutOut) -> None:
        shown = street(collins, Spot(220, 20, 100), Spot(290, 300, 30))
        friend, subject = people_of(shown)
        assert choose_subjects((friend, subject), shown.pixels, "auto") == (subject, friend)

    def test_a_sharp_one_far_behind_is_left_out(self, collins: CutOut) -> None:
        shown = street(collins, Spot(110, 40, 200), Spot(290, 300, 30))
        behind, subject = people_of(shown)
        assert choose_subjects((behind, subject), shown.pixels, "auto") == (subject,)

    @pytest.mark.parametrize(("height", "kept"), [(60, False), (80, True)])
    def test_in_few_pixels_blur_is_not_seen_and_the_height_decides(
        self, collins: CutOut, height: int, kept: bool
    ) -> None:
        shown = street(collins, Spot(height, 40, 100), Spot(90, 300, 100))
        other, subject = people_of(shown)
        assert (other in choose_subjects((other, subject), shown.pixels, "auto")) is kept

    def test_a_child_who_touches_somebody_of_a_group_belongs_to_it(self, collins: CutOut) -> None:
        shown = street(collins, Spot(280, 10, 40), Spot(290, 360, 30), Spot(110, 265, 210))
        left, right, child = people_of(shown)
        assert child.box.shared_with(left.box) > 0
        assert choose_subjects((left, right, child), shown.pixels, "auto") == (right, left, child)

    def test_the_same_child_apart_from_them_does_not(self, collins: CutOut) -> None:
        shown = street(collins, Spot(230, 10, 90), Spot(240, 400, 80), Spot(90, 270, 180))
        left, right, child = people_of(shown)
        assert not any(child.box.shared_with(each.box) for each in (left, right))
        assert choose_subjects((left, right, child), shown.pixels, "auto") == (right, left)


class TestAskedFor:
    people = (
        Person(Box(0, 0, 50, 90), 0.9),
        Person(Box(100, 0, 160, 300), 0.3),
        Person(Box(300, 100, 340, 200), 0.7),
    )
    wall = surface("brick", FRAME)

    def test_all_are_all_largest_first(self) -> None:
        first, second, third = self.people
        assert choose_subjects(self.people, self.wall, "all") == (second, first, third)

    def test_the_largest_is_one(self) -> None:
        assert choose_subjects(self.people, self.wall, "largest") == (self.people[1],)

    @pytest.mark.parametrize(("number", "places"), [(1, [1]), (2, [1, 0]), (3, [1, 0, 2]), (9, [1, 0, 2])])
    def test_a_number_is_that_many_of_the_largest(self, number: int, places: list[int]) -> None:
        assert choose_subjects(self.people, self.wall, number) == tuple(self.people[place] for place in places)

    @pytest.mark.parametrize("wanted", ["all", "largest", 2])
    def test_of_nobody_it_is_nobody(self, wanted: str | int) -> None:
        assert choose_subjects((), self.wall, wanted) == ()


@pytest.mark.parametrize("height", range(17, 24))
def test_somebody_in_the_last_row_of_a_large_picture_is_looked_at(height: int) -> None:
    """The picture is looked at smaller, its sides rounded: the row must not fall out of it."""
    main, last = Person(Box(0, 0, 3001, height), 0.9), Person(Box(5, height - 1, 900, height), 0.9)
    noise = np.random.default_rng(1).integers(0, 256, (height, 3001, 3), np.uint8)
    assert main in choose_subjects((main, last), noise, "auto")


@st.composite
def crowds(draw: st.DrawFn) -> tuple[tuple[Person, ...], Rgb8]:
    """Up to four people, of a pixel at least, in noise that may be much longer than what is looked at."""
    frame = Size(draw(st.integers(1, 3000)), draw(st.integers(1, 24)))
    people = []
    for _ in range(draw(st.integers(0, 4))):
        left, top = draw(st.integers(0, frame.width - 1)), draw(st.integers(0, frame.height - 1))
        right, bottom = draw(st.integers(left + 1, frame.width)), draw(st.integers(top + 1, frame.height))
        people.append(Person(Box(left, top, right, bottom), draw(st.integers(1, 100)) / 100))
    noise = np.random.default_rng(draw(st.integers(0, 9))).integers(0, 256, (frame.height, frame.width, 3), np.uint8)
    return tuple(people), noise


@given(crowds(), st.sampled_from(["auto", "all", "largest", 1, 2, 7]))
def test_subjects_are_people_of_the_picture_and_the_largest_is_always_one(
    crowd: tuple[tuple[Person, ...], Rgb8], wanted: str | int
) -> None:
    people, picture = crowd
    subjects = choose_subjects(people, picture, wanted)
    areas = [each.box.area for each in subjects]
    assert set(subjects) <= set(people)
    assert areas == sorted(areas, reverse=True)
    assert max(areas, default=0) == max((each.box.area for each in people), default=0)
