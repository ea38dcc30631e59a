"""Detectors: what is shown to them, how their outputs are read, and whom they find in a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models.catalogue import NETWORKS
from engine.models.choice import PREFERENCE
from engine.people.detectors import LEAST_SCORE, READERS, detect, letterboxed, read_centernet, read_nanodet, rescaled
from engine.runtimes import Tensor
from engine.types import Box, CutOut, Size
from tests.engine.scenes import Scene, Spot, box_overlap, photo, scene, surface

if TYPE_CHECKING:
    from engine.networks import Networks

DETECTORS = PREFERENCE["people"]


class TestLetterboxed:
    @pytest.mark.parametrize(
        ("height", "width", "filled"),
        [(300, 600, (50, 100)), (600, 300, (100, 50)), (80, 80, (100, 100)), (10, 20, (50, 100)), (1, 5000, (1, 100))],
    )
    def test_the_picture_lies_in_the_corner_of_a_black_square(
        self, height: int, width: int, filled: tuple[int, int]
    ) -> None:
        square, scale = letterboxed(np.full((height, width, 3), 200, np.uint8), 100)
        assert square.shape == (100, 100, 3)
        assert scale == 100 / max(height, width)
        assert (square[: filled[0], : filled[1]] == 200).all()
        assert np.count_nonzero(square.max(2)) == filled[0] * filled[1]

    @given(st.integers(1, 700), st.integers(1, 700), st.sampled_from([64, 416]))
    def test_the_whole_picture_is_in_it(self, height: int, width: int, side: int) -> None:
        square, scale = letterboxed(np.full((height, width, 3), 255, np.uint8), side)
        shown = square.max(2) > 0
        rows, columns = shown.any(1).sum(), shown.any(0).sum()
        assert max(rows, columns) == side
        assert rows == pytest.approx(height * scale, abs=1)
        assert columns == pytest.approx(width * scale, abs=1)


def test_boxes_are_rescaled_and_scores_are_not() -> None:
    row = np.array([[10, 20, 30, 40, 0.5]], np.float32)
    assert rescaled(row, 2).tolist() == [[20, 40, 60, 80, 0.5]]


def test_every_detector_has_a_reader() -> None:
    assert set(READERS) == {each.name for each in NETWORKS.values() if each.task == "people"}


def test_centernets_other_classes_and_weak_finds_are_left_out() -> None:
    found = [
        (10, 20, 30, 60, 0.9, 0),
        (10, 20, 30, 60, 0.9, 16),  # a dog
        (50, 20, 70, 60, LEAST_SCORE - 0.01, 0),
        (50, 20, 70, 60, LEAST_SCORE + 0.01, 0),
    ]
    rows = read_centernet((np.array([found], np.float32),), 512)
    assert rows == pytest.approx(np.array(found, np.float32)[[0, 3], :5])


class TestReadNanodet:
    side = 416

    def outputs(self) -> tuple[list[Tensor], list[Tensor]]:
        """Nobody anywhere: scores, and distances of all sides, for strides 8, 16, 32."""
        cells = [(self.side // stride) ** 2 for stride in (8, 16, 32)]
        return (
            [np.zeros((1, count, 80), np.float32) for count in cells],
            [np.zeros((1, count, 44), np.float32) for count in cells],
        )

    @pytest.mark.parametrize(("level", "stride"), [(0, 8), (1, 16), (2, 32)])
    def test_a_cell_and_its_distances_are_a_box(self, level: int, stride: int) -> None:
        scores, sides = self.outputs()
        row, column = 3, 5
        cell = row * (self.side // stride) + column
        scores[level][0, cell, 0] = 0.75
        for edge, distance in enumerate((1, 2, 3, 4)):  # left, top, right, bottom, in strides
            sides[level][0, cell, edge * 11 + distance] = 50
        x, y = (column + 0.5) * stride, (row + 0.5) * stride
        expected = [x - stride, y - 2 * stride, x + 3 * stride, y + 4 * stride, 0.75]
        assert read_nanodet((*scores, *sides), self.side) == pytest.approx(np.array([expected], np.float32), abs=0.01)

    def test_an_undecided_distance_is_the_mean_of_its_distribution(self) -> None:
        scores, sides = self.outputs()
        scores[2][0, 0, 0] = 0.5
        (row,) = read_nanodet((*scores, *sides), self.side)
        assert row == pytest.approx([16 - 5 * 32, 16 - 5 * 32, 16 + 5 * 32, 16 + 5 * 32, 0.5])

    def test_other_classes_are_left_out(self) -> None:
        scores, sides = self.outputs()
        scores[0][0, 7, 1] = scores[1][0, 7, 16] = 0.9
        assert read_nanodet((*scores, *sides), self.side).shape == (0, 5)


@pytest.mark.parametrize("name", DETECTORS)
class TestWithTheNetworks:
    def test_a_person_is_found_where_she_is(self, networks: Networks, portrait: Scene, name: str) -> None:
        best, *_ = detect(networks, NETWORKS[name], portrait.pixels)
        assert best[4] > 0.3
        assert box_overlap(Box(*map(float, best[:4])), portrait.boxes[0]) > 0.6

    @pytest.mark.parametrize("frame", [Size(800, 320), Size(300, 900)], ids=["wide", "tall"])
    def test_boxes_are_in_the_pictures_pixels_whatever_its_shape(
        self, networks: Networks, collins: CutOut, name: str, frame: Size
    ) -> None:
        shown = scene(surface("brick", frame), collins, Spot(280, frame.width - 290, frame.height - 280))
        best, *_ = detect(networks, NETWORKS[name], shown.pixels)
        assert box_overlap(Box(*map(float, best[:4])), shown.boxes[0]) > 0.5

    @pytest.mark.parametrize("thing", ["coffee", "coins", "brick"])
    def test_nobody_is_found_in_things(self, networks: Networks, name: str, thing: str) -> None:
        assert detect(networks, NETWORKS[name], photo(thing)).shape == (0, 5)

    def test_the_best_comes_first_and_once(self, networks: Networks, name: str) -> None:
        found = detect(networks, NETWORKS[name], photo("astronaut"))
        assert (np.diff(found[:, 4]) <= 0).all()
        boxes = [Box(*map(float, row[:4])) for row in found]
        assert all(box_overlap(boxes[0], other) <= 0.5 for other in boxes[1:])
