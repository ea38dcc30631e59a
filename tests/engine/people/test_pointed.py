"""Who is at a point: the one whose own matte holds it, and of several the one to whose box it is most central."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.people.pointed import Cropped, choose_pointed
from engine.types import Box, Crop, Person, Point

LEFT, RIGHT = Person(Box(10, 10, 50, 90), 0.9), Person(Box(40, 10, 80, 90), 0.8)
FAR = Person(Box(300, 10, 340, 90), 0.7)


def filled(person: Person, *bodies: Box) -> Cropped:
    """A matte at half of the picture's size, of a crop with a margin of 10 pixels, with these bodies in it."""
    x0, y0, x1, y1 = map(int, person.box)
    crop = Crop(x0 - 10, y0 - 10, x1 + 10, y1 + 10)
    whole = np.zeros((200, 400), np.float32)
    for body in bodies:
        whole[int(body.y0) : int(body.y1), int(body.x0) : int(body.x1)] = 1
    matte = whole[crop.window][::2, ::2]
    return Cropped(crop, matte, matte)


def chosen(points: tuple[Point, ...], *bodies: Box, people: tuple[Person, ...] = (LEFT, RIGHT, FAR)) -> list[Person]:
    """Who is at the points, in their order, where each matte has all these bodies in it: nobody is told apart."""
    found = choose_pointed(people, points, lambda person: filled(person, *bodies))
    return [found[point] for point in points if point in found]


def everybody() -> tuple[Box, ...]:
    return LEFT.box, RIGHT.box, FAR.box


@pytest.mark.parametrize(
    ("points", "people"),
    [
        (((20, 50),), [LEFT]),
        (((70, 50),), [RIGHT]),
        (((20, 50), (70, 50)), [LEFT, RIGHT]),
        (((70, 50), (20, 50), (21, 51)), [RIGHT, LEFT, LEFT]),
        (((320.75, 50.5),), [FAR]),
        (((200, 50),), []),
        (((20, 5),), []),
        (((20, 5), (70, 50)), [RIGHT]),
    ],
)
def test_a_point_gives_the_person_there(points: tuple[Point, ...], people: list[Person]) -> None:
    assert chosen(points, *everybody()) == people


def test_where_boxes_overlap_a_point_gives_one_of_them_alone() -> None:
    assert chosen(((44, 50),), *everybody()) == [LEFT]
    assert chosen(((46, 50),), *everybody()) == [RIGHT]


def test_who_was_told_apart_goes_before_who_is_central() -> None:
    nothing = np.zeros((50, 30), np.float32)

    def mattes(person: Person) -> Cropped:
        crop, body, _ = filled(person, *everybody())
        return Cropped(crop, body, body if person == RIGHT else nothing)

    assert choose_pointed((LEFT, RIGHT), ((42, 50),), mattes) == {(42, 50): RIGHT}
    assert choose_pointed((RIGHT, LEFT), ((42, 50),), mattes) == {(42, 50): RIGHT}


def test_a_child_before_a_grown_up_is_the_one_who_is_pointed_at() -> None:
    parent, child = Person(Box(10, 10, 70, 190), 0.9), Person(Box(20, 110, 60, 190), 0.8)
    both = parent.box, child.box
    assert chosen(((40, 150),), *both, people=(parent, child)) == [child]
    assert chosen(((40, 60),), *both, people=(parent, child)) == [parent]


def test_a_box_without_a_body_under_the_point_gives_nobody() -> None:
    body = Box(10, 10, 30, 90)
    assert chosen(((29, 50),), body) == [LEFT]
    assert chosen(((31, 50),), body) == []


def test_a_body_reaches_beyond_its_box() -> None:
    arm = Box(50, 40, 58, 50)
    assert chosen(((56, 45),), LEFT.box, arm, people=(LEFT,)) == [LEFT]


def test_only_people_near_a_point_are_matted() -> None:
    asked = []

    def matte(person: Person) -> Cropped:
        asked.append(person)
        return filled(person, *everybody())

    assert choose_pointed((LEFT, RIGHT, FAR), ((320, 50), (330, 60)), matte) == {(320, 50): FAR, (330, 60): FAR}
    assert asked == [FAR]
    asked.clear()
    assert choose_pointed((LEFT, RIGHT, FAR), ((200, 150),), matte) == {}
    assert asked == []


def test_half_a_pixel_of_a_person_is_not_enough() -> None:
    grey = np.full((50, 30), 0.5, np.float32)
    assert choose_pointed((LEFT,), ((20, 50),), lambda _: Cropped(Crop(0, 0, 60, 100), grey, grey)) == {}


points = st.tuples(st.floats(0, 399.99), st.floats(0, 199.99))


@given(st.lists(points, max_size=6))
def test_several_points_give_what_each_gives_alone(several: list[Point]) -> None:
    alone = [person for each in several for person in chosen((each,), *everybody())]
    assert len(alone) <= len(several)
    assert set(chosen(tuple(several), *everybody())) == set(alone)


@given(points)
def test_who_is_given_has_a_body_there(point: Point) -> None:
    x, y = point
    for person in chosen((point,), *everybody()):
        assert person.box.grown(0.05).x0 <= x <= person.box.grown(0.05).x1  # the matte has half of the pixels
        assert person.box.grown(0.05).y0 <= y <= person.box.grown(0.05).y1
