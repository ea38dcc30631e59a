"""No mark of a selection is too small, whatever else is selected: small people in a large picture."""

from __future__ import annotations

import numpy as np
import pytest

from engine.types import Pixels, Rgb8, Size
from tests.gimp.beside import astronaut
from tests.gimp.inside.kinds import LARGE, SMALL
from tests.gimp.judging import Judge
from tests.gimp.running import Desk, Run

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def large() -> Rgb8:
    """Twelve megapixels with two people side by side, each a twentieth of what the frame is wide."""
    width, height = LARGE
    pixels = np.full((height, width, 3), (150, 160, 170), np.uint8)
    for left, top, side in SMALL:
        pixels[top : top + side, left : left + side] = astronaut(Size(side, side))
    return pixels


@pytest.fixture(scope="module")
def run(desk: Desk, large: Rgb8) -> Run:
    (desk.shared / "large.rgb").write_bytes(large.tobytes())
    return desk.run("marking", limit=400)


def mask_of(run: Run, check: str) -> Pixels:
    fact = run.facts[check]
    assert (fact["status"], fact["message"], fact["unchanged"]) == ("SUCCESS", "", [True])
    return run.samples(fact["masks"][0], *LARGE)


def shown(mask: Pixels) -> list[bool]:
    """Whether each of them is there, by what is seen where the chest is."""
    return [bool(mask[top + side * 3 // 5, left + side * 2 // 5] > 200) for left, top, side in SMALL]


def test_it_ends_well(run: Run) -> None:
    assert (run.code, run.alarms) == (0, []), run.complaints


def test_where_all_is_selected_small_people_are_touched_too(run: Run, judge: Judge) -> None:
    mask = mask_of(run, "all selected")
    assert shown(mask) == [True, True]
    everybody = judge.matte(run.facts["all selected"]["sources"][0]["rgb"], {"people": "all"})
    np.testing.assert_array_equal(mask, everybody)


def test_each_of_two_marks_counts_however_near_they_are_beside_others_far_away(run: Run) -> None:
    np.testing.assert_array_equal(mask_of(run, "marks"), mask_of(run, "all selected"))


def test_who_is_not_marked_is_left_out(run: Run) -> None:
    assert shown(mask_of(run, "one mark")) == [True, False]
