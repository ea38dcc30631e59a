"""People who touch, told apart: along the photo's edges, and from the middles of their boxes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.people.apart import without_neighbours
from engine.types import Box, Crop, Matte, Person, Point, Rgb8

LEFT, RIGHT = Person(Box(20, 20, 80, 180), 0.9), Person(Box(64, 20, 130, 180), 0.8)
CROP = Crop(0, 0, 160, 200)
RED, GREEN, GREY = (200, 40, 30), (30, 160, 60), (128, 128, 128)


def shown(*bodies: tuple[Box, tuple[int, int, int]]) -> tuple[Rgb8, Matte]:
    """Bodies before a grey wall, the later ones before the earlier, in a little noise; and the matte of all of them."""
    picture = np.random.default_rng(3).integers(-8, 9, (200, 160, 3)) + np.array(GREY)
    matte = np.zeros((200, 160), np.float32)
    for box, colour in bodies:
        part = slice(int(box.y0), int(box.y1)), slice(int(box.x0), int(box.x1))
        picture[part] = picture[part] * 0 + np.array(colour) + picture[part] % 9
        matte[part] = 1
    return picture.astype(np.uint8), matte


def side(x0: float, x1: float) -> tuple[slice, slice]:
    return slice(20, 180), slice(int(x0), int(x1))


@pytest.mark.parametrize("seam", [68, 72, 76])
def test_the_seam_is_where_the_colours_change(seam: int) -> None:
    picture, matte = shown((Box(20, 20, seam, 180), RED), (Box(seam, 20, 130, 180), GREEN))
    left = without_neighbours(matte, picture, CROP, [LEFT], [RIGHT])
    right = without_neighbours(matte, picture, CROP, [RIGHT], [LEFT])
    assert left[side(20, seam - 2)].mean() > 0.99
    assert not left[side(seam + 2, 130)].any()
    assert right[side(seam + 2, 130)].mean() > 0.99
    assert not right[side(20, seam - 2)].any()


def test_the_soft_rim_goes_with_its_body() -> None:
    picture, matte = shown((Box(20, 20, 72, 180), RED), (Box(72, 20, 130, 180), GREEN))
    matte[10:20, 20:130] = 0.2
    left = without_neighbours(matte, picture, CROP, [LEFT], [RIGHT])
    assert (left[12:18, 22:66] == np.float32(0.2)).all()
    assert not left[12:18, 78:128].any()


def test_a_child_before_a_grown_up() -> None:
    parent, child = Person(Box(30, 10, 110, 190), 0.9), Person(Box(50, 110, 95, 190), 0.9)
    picture, matte = shown((parent.box, RED), (child.box, GREEN))
    own = without_neighbours(matte, picture, CROP, [child], [parent])
    assert own[112:188, 52:93].mean() > 0.99
    assert own[10:105].max() == 0
    rest = without_neighbours(matte, picture, CROP, [parent], [child])
    assert rest[12:105, 32:108].mean() > 0.99
    assert rest[120:185, 60:85].max() == 0


def test_those_who_are_chosen_together_stay_together() -> None:
    third = Person(Box(125, 20, 158, 180), 0.9)
    picture, matte = shown((LEFT.box, RED), (Box(72, 20, 126, 180), GREEN), (Box(126, 20, 158, 180), RED))
    both = without_neighbours(matte, picture, CROP, [LEFT, RIGHT], [third])
    assert both[side(20, 122)].mean() > 0.99
    assert not both[side(130, 158)].any()


def test_where_boxes_leave_doubt_a_point_decides() -> None:
    """Two in the same clothes, and a point on the left one's arm."""
    picture, matte = shown((LEFT.box, RED), (RIGHT.box, RED))
    without = without_neighbours(matte, picture, CROP, [RIGHT], [LEFT])
    arm = without_neighbours(matte, picture, CROP, [RIGHT], [LEFT], marked(66, 67, 100, 101))
    assert arm[99:102, 65:68].all()
    assert (arm > 0).sum() >= (without > 0).sum()


def test_a_mark_of_some_size_stands_for_itself_alone() -> None:
    """So that a selection that was drawn along a seam keeps nobody's rim beyond it."""
    picture, matte = shown((LEFT.box, RED), (RIGHT.box, RED))
    kept = without_neighbours(matte, picture, CROP, [LEFT], [RIGHT], marked(20, 74, 20, 180))
    assert kept[side(20, 74)].all()
    line = without_neighbours(matte, picture, CROP, [LEFT], [RIGHT], marked(73, 74, 20, 180))
    assert line[side(72, 76)].all()


def marked(x0: int, x1: int, y0: int, y1: int) -> npt.NDArray[np.int32]:
    """The first of those who are chosen, in a rectangle."""
    marks = np.zeros((200, 160), np.int32)
    marks[y0:y1, x0:x1] = 1
    return marks


@pytest.mark.parametrize("strangers", [[], [Person(Box(500, 20, 600, 180), 0.9)]])
def test_nobody_near_drops_nothing(strangers: list[Person]) -> None:
    picture, matte = shown((LEFT.box, RED), (RIGHT.box, GREEN))
    assert without_neighbours(matte, picture, CROP, [LEFT], strangers) is matte


def test_at_another_size_than_the_picture() -> None:
    picture, matte = shown((Box(20, 20, 72, 180), RED), (Box(72, 20, 130, 180), GREEN))
    small = np.ascontiguousarray(matte[::2, ::2]), np.ascontiguousarray(picture[::2, ::2])
    left = without_neighbours(*small, CROP, [LEFT], [RIGHT])
    assert left[12:88, 12:35].mean() > 0.99
    assert not left[12:88, 38:64].any()


@st.composite
def crowds(draw: st.DrawFn) -> tuple[Matte, Rgb8, Crop, list[Person], Point]:
    """Up to four people of any boxes in a crop of a pixel at least, with a matte of noise, and a point in it."""
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    left, top = draw(st.integers(0, 50)), draw(st.integers(0, 50))
    people: list[Person] = []
    for _ in range(draw(st.integers(2, 4))):
        x, y = draw(st.integers(0, 80)), draw(st.integers(0, 80))
        people.append(Person(Box(x, y, x + draw(st.integers(1, 60)), y + draw(st.integers(1, 60))), len(people) / 9))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    picture = random.integers(0, 256, (height, width, 3), np.uint8)
    point = left + draw(st.integers(0, width - 1)) + 0.5, top + draw(st.integers(0, height - 1)) + 0.5
    return (
        random.random((height, width), np.float32),
        picture,
        Crop(left, top, left + width, top + height),
        people,
        point,
    )


@given(crowds())
def test_every_pixel_stays_or_goes_whole_and_the_point_stays(
    crowd: tuple[Matte, Rgb8, Crop, list[Person], Point],
) -> None:
    matte, picture, crop, (chosen, *strangers), point = crowd
    row, column = int(point[1]) - crop.top, int(point[0]) - crop.left
    marks = np.zeros(matte.shape, np.int32)
    marks[row, column] = 1
    kept = without_neighbours(matte, picture, crop, [chosen], strangers, marks)
    assert ((kept == matte) | (kept == 0)).all()
    if matte[row, column] > 0.3:
        assert kept[row, column] == matte[row, column]
