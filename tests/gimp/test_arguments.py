"""What the procedure's other arguments do, and the ways to call it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.types import Pixels
from tests.gimp.inside.kinds import HEIGHT, ON_HIM, PASSER_BY, TWO, WIDTH
from tests.gimp.judging import Judge
from tests.gimp.running import Desk, Run

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def run(desk: Desk) -> Run:
    return desk.run("arguments")


def mask_of(run: Run, check: str, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Pixels:
    fact = run.facts[check]
    assert (fact["status"], fact["message"], fact["unchanged"]) == ("SUCCESS", "", [True])
    return run.samples(fact["masks"][0], *size)


def test_it_ends_well(run: Run) -> None:
    assert (run.code, run.alarms) == (0, []), run.complaints


@pytest.mark.parametrize("check", ["edge crisp", "network modnet", "network rvm"])
def test_edge_and_network_are_the_commands(run: Run, judge: Judge, check: str) -> None:
    fact = run.facts[check]
    np.testing.assert_array_equal(mask_of(run, check), judge.matte(fact["sources"][0]["rgb"], fact["asked"]))


def test_crisp_edges_have_no_half_transparent_pixels(run: Run) -> None:
    assert set(np.unique(mask_of(run, "edge crisp"))) == {0, 255}
    assert len(np.unique(mask_of(run, "network modnet"))) > 100


def test_networks_differ(run: Run) -> None:
    assert (mask_of(run, "network modnet") != mask_of(run, "network rvm")).any()


def test_a_network_that_there_is_not_is_said(run: Run) -> None:
    fact = run.facts["network none such"]
    assert fact["status"] == "EXECUTION_ERROR"
    assert "'none such': no such matting network: there are auto, modnet, rvm" in fact["message"]
    assert (fact["unchanged"], fact["masks"]) == ([True], [None])


@pytest.mark.parametrize("people", ["subjects", "all", "largest"])
def test_people_are_the_commands(run: Run, judge: Judge, people: str) -> None:
    fact = run.facts[f"people {people}"]
    matte = judge.matte(fact["sources"][0]["rgb"], fact["asked"])
    np.testing.assert_array_equal(mask_of(run, f"people {people}", TWO), matte)


def test_passers_by_are_cut_out_where_all_are_meant(run: Run) -> None:
    left, top, width, height = PASSER_BY
    there = np.s_[top : top + height, left : left + width]
    shown = {people: mask_of(run, f"people {people}", TWO)[there].mean() for people in ("subjects", "all", "largest")}
    assert shown == {"subjects": 0, "all": pytest.approx(255, abs=30), "largest": 0}


def test_a_selection_says_who_is_meant(run: Run, judge: Judge) -> None:
    """It does not limit the result: one pixel of him is selected, and he alone is cut out, as a whole."""
    source = run.facts["people touching a pixel"]["sources"][0]["rgb"]
    matte = judge.matte(source, {"at": "{},{}".format(*ON_HIM)})
    np.testing.assert_array_equal(mask_of(run, "people touching a pixel", TWO), matte)
    assert (matte > 127).sum() > 2000


def test_of_a_larger_selection_every_part_counts(run: Run) -> None:
    left, top, width, height = PASSER_BY
    mask = mask_of(run, "people touching", TWO)
    assert mask[top : top + height, left : left + width].mean() > 225
    assert mask[:, : TWO[1]].max() == 0


def test_without_a_selection_nobody_is_touched(run: Run) -> None:
    fact = run.facts["people touching nothing"]
    assert (fact["status"], fact["masks"]) == ("EXECUTION_ERROR", [None])
    assert "No part of 'two' is selected. Select one, or choose Select > None and another entry" in fact["message"]


@pytest.mark.parametrize("check", ["people touching nobody", "nobody selected"])
def test_beside_people_nobody_is_found_where_the_selection_is(run: Run, check: str) -> None:
    """Which does not say that there is nobody."""
    fact = run.facts[check]
    assert (fact["status"], fact["unchanged"], fact["dirty"]) == ("EXECUTION_ERROR", [True], False)
    assert fact["message"].startswith("Nobody was found under the selection on 'two', and it was left as it is.")


def test_repeating_before_anything_was_chosen_takes_the_defaults(run: Run, judge: Judge) -> None:
    matte = judge.matte(run.facts["last values, none yet"]["sources"][0]["rgb"], {})
    np.testing.assert_array_equal(mask_of(run, "last values, none yet"), matte)


def test_script_fu_calls_it_with_named_arguments(run: Run) -> None:
    np.testing.assert_array_equal(mask_of(run, "Script-Fu"), mask_of(run, "edge crisp"))


def test_script_fu_is_told_why_it_failed(run: Run) -> None:
    fact = run.facts["Script-Fu, refused"]
    assert (fact["status"], fact["unchanged"], fact["masks"]) == ("EXECUTION_ERROR", [True], [None])
    assert "no such matting network" in fact["message"]
