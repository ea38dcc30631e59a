"""Who is at a marked pixel: the one whose own matte holds it, else the one to whose box it is most central."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.people.marks import at_points, in_selection
from engine.people.pointed import Cropped, Pointed, choose_pointed
from engine.types import Box, Crop, Person, Point, Size

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
    found = choose_pointed(people, at_points(points), lambda person: filled(person, *bodies))
    return [each for point in points for each in there(found, point)]


def there(found: Pointed, point: Point) -> list[Person]:
    """Who is at a marked point."""
    x, y = map(int, point)
    number = found.numbers[y - found.bounds.top, x - found.bounds.left]
    return [found.people[number - 1]] if number else []


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

    assert choose_pointed((LEFT, RIGHT), at_points([(42, 50)]), mattes).people == (RIGHT,)
    assert choose_pointed((RIGHT, LEFT), at_points([(42, 50)]), mattes).people == (RIGHT,)


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

    assert choose_pointed((LEFT, RIGHT, FAR), at_points([(320, 50), (330, 60)]), matte).people == (FAR,)
    assert asked == [FAR]
    asked.clear()
    assert choose_pointed((LEFT, RIGHT, FAR), at_points([(200, 150)]), matte).people == ()
    assert asked == []


def test_half_a_pixel_of_a_person_is_not_enough() -> None:
    grey = np.full((50, 30), 0.5, np.float32)
    found = choose_pointed((LEFT,), at_points([(20, 50)]), lambda _: Cropped(Crop(0, 0, 60, 100), grey, grey))
    assert found.people == ()


POINTS = st.tuples(st.floats(0, 399.99), st.floats(0, 199.99))


@given(st.lists(POINTS, max_size=6))
def test_several_points_give_what_each_gives_alone(several: list[Point]) -> None:
    alone = [person for each in several for person in chosen((each,), *everybody())]
    assert len(alone) <= len(several)
    assert chosen(tuple(several), *everybody()) == alone


@given(POINTS)
def test_who_is_given_has_a_body_there(point: Point) -> None:
    x, y = point
    for person in chosen((point,), *everybody()):
        assert person.box.grown(0.05).x0 <= x <= person.box.grown(0.05).x1  # the matte has half of the pixels
        assert person.box.grown(0.05).y0 <= y <= person.box.grown(0.05).y1


class Random:
    """Mattes of noise for people of any box, in crops of any place, shown at any size; and a selection."""

    def __init__(self, seed: int) -> None:
        draw = self.draw = np.random.default_rng(seed)
        edges = [(np.sort(draw.choice(60, 2, False)), np.sort(draw.choice(300, 2, False))) for _ in range(4)]
        self.people = tuple(Person(Box(*map(float, (x[0], y[0], x[1], y[1]))), 0.9) for x, y in edges)
        self.cropped = {each: self._cropped(each.box) for each in self.people}
        self.selection = (draw.random((310, 70)) ** 3 * 200).astype(np.uint8) * (draw.random((310, 70)) > draw.random())

    def _cropped(self, box: Box) -> Cropped:
        x0, y0, x1, y1 = (int(edge) for edge in box)
        margin = int(self.draw.integers(0, 9))
        crop = Crop(max(0, x0 - margin), max(0, y0 - margin), min(70, x1 + margin), min(310, y1 + margin))
        size = Size(*map(int, self.draw.integers(1, 90, 2)))
        body = self.draw.random((size.height, size.width), np.float32)
        return Cropped(crop, body, body * (self.draw.random(body.shape) > 0.5))

    def whose(self, x: int, y: int) -> set[Person]:
        """Who is at a pixel, by the rule in words: all of those who have the best claim."""
        claims = {}
        for person, (crop, body, own) in self.cropped.items():
            box, reach = person.box, 0.3 * max(person.box.width, person.box.height)
            middle = x + 0.5, y + 0.5
            near = max(box.x0 - middle[0], middle[0] - box.x1, box.y0 - middle[1], middle[1] - box.y1) <= reach
            if not near or not (crop.left <= x < crop.right and crop.top <= y < crop.bottom):
                continue
            row = int((middle[1] - crop.top) * body.shape[0] / crop.size.height + 1e-9)
            column = int((middle[0] - crop.left) * body.shape[1] / crop.size.width + 1e-9)
            if body[row, column] > 0.5:
                off = max(
                    abs(middle[0] - (box.x0 + box.x1) / 2) / (box.width / 2),
                    abs(middle[1] - (box.y0 + box.y1) / 2) / (box.height / 2),
                )
                claims[person] = bool(own[row, column] > 0.5), -off
        best = max(claims.values(), default=None)
        return {
            person for person, claim in claims.items() if best and claim[0] == best[0] and claim[1] > best[1] - 1e-4
        }


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_a_selection_gives_what_each_of_its_pixels_gives(seed: int) -> None:
    drawn = Random(seed)
    found = choose_pointed(drawn.people, in_selection(drawn.selection), drawn.cropped.__getitem__)
    seen = set()
    for y, x in np.argwhere(drawn.selection >= 128):
        people = there(found, (int(x), int(y)))
        seen.update(people)
        allowed = drawn.whose(int(x), int(y))
        near_border = any(_at_the_rim(each, int(x), int(y)) for each in drawn.people)
        assert near_border or (set(people) <= allowed and bool(people) == bool(allowed))
    assert set(found.people) == seen
    assert [each for each in drawn.people if each in seen] == list(found.people)


def _at_the_rim(person: Person, x: int, y: int) -> bool:
    """Whether a pixel lies where a body's reach ends, which is counted in whole pixels."""
    box, reach = person.box, 0.3 * max(person.box.width, person.box.height)
    outside = max(box.x0 - x - 0.5, x + 0.5 - box.x1, box.y0 - y - 0.5, y + 0.5 - box.y1)
    return abs(outside - reach) <= 1


@given(st.integers(0, 2**32))
def test_a_selection_gives_whom_points_on_all_of_its_pixels_give(seed: int) -> None:
    drawn = Random(seed)
    points = [(float(x), float(y)) for y, x in np.argwhere(drawn.selection >= 128)]
    one, other = (
        choose_pointed(drawn.people, marks, drawn.cropped.__getitem__)
        for marks in (in_selection(drawn.selection), at_points(points))
    )
    assert one.people == other.people
    assert one.bounds == other.bounds
    assert np.array_equal(one.numbers, other.numbers)


@given(st.integers(0, 2**32), st.integers(1, 120), st.integers(1, 120))
def test_whatever_size_a_crop_is_shown_at_nobody_who_is_marked_is_lost(seed: int, width: int, height: int) -> None:
    drawn = Random(seed)
    found = choose_pointed(drawn.people, in_selection(drawn.selection), drawn.cropped.__getitem__)
    crop = drawn.cropped[drawn.people[0]].crop
    seen = found.seen_in(crop, Size(width, height))
    whole = np.zeros((310, 70), np.int32)
    whole[found.bounds.window] = found.numbers
    inside = whole[crop.window]
    assert seen.shape == (height, width)
    assert set(np.unique(seen)) <= set(np.unique(inside)) | {0}
    for y, x in np.argwhere(inside):
        row = int((y + 0.5) * height / crop.size.height + 1e-9)
        assert seen[row, int((x + 0.5) * width / crop.size.width + 1e-9)] > 0
