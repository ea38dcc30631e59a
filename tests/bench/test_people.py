"""The bench of finding people counts what it says: who is there, who was found, what was false."""

from __future__ import annotations

import numpy as np
import pytest

from engine.types import Box, Matte
from tests.bench.composing import Body, paste
from tests.bench.people import boxes_of, matched

_SKY = np.full((100, 200, 3), 200, np.uint8)
_LEFT, _RIGHT = Box(10, 10, 40, 90), Box(50, 10, 80, 90)


def body(width: int, height: int) -> Body:
    return Body(np.zeros((height, width, 3), np.uint8), np.ones((height, width), np.float32))


def truth(*boxes: Box) -> Matte:
    alpha = np.zeros((100, 200), np.float32)
    for x0, y0, x1, y1 in boxes:
        alpha[int(y0) : int(y1), int(x0) : int(x1)] = 1
    return alpha


class TestWhoIsThere:
    def test_one_who_is_alone_is_one_even_where_a_fence_cuts_the_alpha(self) -> None:
        assert boxes_of("height-90", truth(Box(10, 10, 40, 50), Box(10, 55, 40, 90))) == [_LEFT]

    def test_parts_of_a_crowd_are_people_and_specks_are_not(self) -> None:
        assert boxes_of("crowd", truth(_LEFT, _RIGHT, Box(100, 20, 104, 24))) == [_LEFT, _RIGHT]

    def test_where_nobody_is_there_is_nobody(self) -> None:
        assert boxes_of("empty", truth()) == []

    def test_of_groups_nothing_is_known(self) -> None:
        assert boxes_of("group", truth(_LEFT)) is None


class TestWhoWasFound:
    def test_half_of_an_iou_is_enough(self) -> None:
        assert matched([_LEFT], [Box(10, 10, 40, 50)]) == 1
        assert matched([_LEFT], [Box(10, 10, 40, 49)]) == 0

    @pytest.mark.parametrize("said", [[_LEFT, _LEFT], [_LEFT, Box(11, 10, 40, 90)]])
    def test_who_is_found_twice_is_found_once(self, said: list[Box]) -> None:
        assert matched([_LEFT, _RIGHT], said) == 1

    def test_the_best_pairs_are_made_first(self) -> None:
        between = Box(20, 10, 50, 90)
        assert matched([Box(15, 10, 45, 90), between], [between, Box(8, 10, 38, 90)]) == 2

    def test_nobody_and_nothing(self) -> None:
        assert matched([], [_LEFT]) == matched([_LEFT], []) == 0


class TestScenes:
    def test_a_box_ends_where_the_frame_does(self) -> None:
        scene = paste("edge", _SKY, [(body(30, 60), -10, 20), (body(30, 60), 180, 60)])
        assert scene.people == (Box(0, 20, 20, 80), Box(180, 60, 200, 100))
        assert (scene.picture[20:80, :20] == 0).all()
        assert (scene.picture[:, 20:180] == 200).all()

    def test_a_box_is_of_what_is_seen(self) -> None:
        scene = paste("group", _SKY, [(body(30, 60), 10, 10), (body(30, 60), 10, 40)])
        assert scene.people == (Box(10, 10, 40, 40), Box(10, 40, 40, 100))

    def test_who_is_hidden_is_not_asked_for(self) -> None:
        scene = paste("group", _SKY, [(body(30, 60), 10, 10), (body(30, 60), 10, 15)])
        assert scene.people == (Box(10, 15, 40, 75),)

    def test_somebody_lying_is_as_long_as_they_were_tall(self) -> None:
        assert body(30, 60).of_height(40).lying().alpha.shape == (20, 40)
