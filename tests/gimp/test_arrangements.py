"""The photo as a layer in every place and state: its mask is what `bshm cutout` makes of the same pixels."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.types import Pixels, Rgb8
from tests.gimp.inside.kinds import HEIGHT, PLACES, WIDTH
from tests.gimp.judging import Judge
from tests.gimp.roots import Suite
from tests.gimp.running import Desk, Run

pytestmark = pytest.mark.timeout(600)

# One layer, and its mask is the matte.
MASKED = (
    *PLACES,
    "locked content",
    "locked position",
    "locked visibility",
    "locked alpha",
    "hidden",
    "half opaque",
    "in a group in a group",
    "a group",
    "a mask, replace",
    "the mask is selected, replace",
    "several, nobody on one",
    "a channel, one layer",
    "painted text",
    "filter",
    "filter, larger",
    "filter of a group",
    "filter, hidden",
)
FILTERED_CUTOUTS = ("cutout, filter", "cutout, filter, larger")
SEVERAL = ("several, all_layers True", "several, all_layers False")
INTERSECTED = ("a mask, intersect", "the mask is selected, intersect")
REFUSED = {
    "nobody": "Nobody was found on 'plain'",
    "several, selected on none": "No part of 'beside' is selected.",
    "filter, nobody": "Nobody was found on 'plain'",
    "text": "Nobody was found on 'BSHM'",
    "a channel, two layers": "Select the layer",
    "a floating selection": "The selection floats",
    "no layers": "No layer is selected",
}


@pytest.fixture(scope="module")
def run(desk: Desk) -> Run:
    return desk.run("arrangements")


def mask_of(run: Run, check: str, number: int = 0) -> Pixels:
    """Of the layer of this number, [H, W]."""
    fact = run.facts[check]
    size = re.search(r"-(\d+)x(\d+)\.", fact["sources"][number]["rgb"])
    assert size
    return run.samples(fact["masks"][number], *map(int, size.groups()))


def test_it_ends_well(run: Run) -> None:
    assert (run.code, run.alarms) == (0, []), run.complaints


@pytest.mark.parametrize("check", [*MASKED, *SEVERAL, *INTERSECTED])
def test_it_succeeds(run: Run, check: str) -> None:
    fact = run.facts[check]
    assert (fact["status"], fact["message"]) == ("SUCCESS", "")


@pytest.mark.parametrize("check", [*MASKED, *SEVERAL, *INTERSECTED, *REFUSED])
def test_everything_but_the_mask_stays_as_it_is(run: Run, check: str) -> None:
    fact = run.facts[check]
    assert all(fact["unchanged"])
    assert fact["more_layers"] == 0
    assert fact["chosen_stay"]


@pytest.mark.parametrize("check", MASKED)
def test_the_mask_is_the_commands_matte(run: Run, judge: Judge, check: str) -> None:
    fact = run.facts[check]
    matte = judge.matte(fact["sources"][0]["rgb"], fact["asked"])
    assert matte.max() == 255
    np.testing.assert_array_equal(mask_of(run, check), matte)


@pytest.mark.parametrize("check", REFUSED)
def test_what_cannot_be_cut_out_makes_no_undo_step(run: Run, check: str) -> None:
    assert not run.facts[check]["dirty"]


def test_the_engine_sees_filters(run: Run, photo: Rgb8) -> None:
    """The one of these takes all colour from the photo."""
    seen = run.samples(run.facts["filter"]["sources"][0]["rgb"], WIDTH, HEIGHT, 3)
    assert np.ptp(seen, axis=2).max() <= 1
    assert np.ptp(photo, axis=2).max() > 50
    assert not np.array_equal(mask_of(run, "filter"), mask_of(run, "filter, hidden"))


@pytest.mark.parametrize("check", FILTERED_CUTOUTS)
def test_a_cutout_has_the_filtered_pixels(run: Run, judge: Judge, check: str) -> None:
    fact, top = run.facts[check], run.facts[f"{check}: top"]
    seen = fact["sources"][0]["rgba"]
    assert (fact["status"], fact["unchanged"], fact["more_layers"]) == ("SUCCESS", [True], 1)
    assert (top["filters"], top["size"], top["offsets"]) == (0, [WIDTH, HEIGHT], [0, 0])
    new = run.samples(top["file"], WIDTH, HEIGHT, 4)
    np.testing.assert_array_equal(new[..., 3], judge.cutout(seen, {})[..., 3])
    inside = new[..., 3] == 255
    np.testing.assert_array_equal(new[inside], run.samples(seen, WIDTH, HEIGHT, 4)[inside])


def test_of_a_group_its_children_get_none(run: Run) -> None:
    assert run.facts["a group"]["masks"][1] is None


@pytest.mark.parametrize("check", INTERSECTED)
def test_what_a_mask_hid_already_stays_hidden(run: Run, judge: Judge, check: str) -> None:
    """The second call intersects with what the first one left."""
    fact = run.facts[check]
    before = mask_of(run, INTERSECTED[0])
    if check == INTERSECTED[0]:
        before = run.samples("ramp", *before.shape[::-1])
    wanted = before * (judge.matte(fact["sources"][0]["rgb"], fact["asked"]) / 255)
    assert np.abs(mask_of(run, check) - wanted).max() <= 1


def test_each_of_several_layers_gets_its_own(run: Run, judge: Judge) -> None:
    fact = run.facts["several, all_layers True"]
    below, above = (judge.matte(each["rgb"], fact["asked"]) for each in fact["sources"])
    assert np.abs(below.astype(int) - above).mean() > 20
    np.testing.assert_array_equal(mask_of(run, "several, all_layers True", 0), below)
    np.testing.assert_array_equal(mask_of(run, "several, all_layers True", 1), above)


def test_the_topmost_alone_where_that_is_asked_for(run: Run, judge: Judge) -> None:
    fact = run.facts["several, all_layers False"]
    assert fact["masks"][0] is None
    above = judge.matte(fact["sources"][1]["rgb"], fact["asked"])
    np.testing.assert_array_equal(mask_of(run, "several, all_layers False", 1), above)


def test_a_layer_without_people_gets_none(run: Run) -> None:
    assert run.facts["several, nobody on one"]["masks"][1] is None
    assert "Nobody was found on 'plain'" in run.complaints


def test_a_layer_beside_the_selection_is_left_alone_and_said(run: Run) -> None:
    fact = run.facts["several, selected on some"]
    assert (fact["status"], fact["unchanged"]) == ("SUCCESS", [True, True, True])
    assert [each is None for each in fact["masks"]] == [False, False, True]
    assert "No part of 'beside' is selected" in run.complaints


@pytest.mark.parametrize(("check", "sentence"), REFUSED.items())
def test_what_cannot_be_cut_out_is_said(run: Run, check: str, sentence: str) -> None:
    fact = run.facts[check]
    assert fact["status"] == "EXECUTION_ERROR"
    assert sentence in fact["message"]
    assert fact["masks"] == [None]


def test_a_channel_is_not_written(run: Run) -> None:
    assert run.facts["the channel"]["unchanged"]


def test_a_link_to_another_file_gets_one_too(run: Run, judge: Judge, suite: Suite) -> None:
    """GIMP 3.2 shows files as layers; 3.0 does not."""
    assert ("a link" in run.facts) == (suite.gimp != "3.0")
    if suite.gimp != "3.0":
        fact = run.facts["a link"]
        assert (fact["status"], fact["unchanged"]) == ("SUCCESS", [True])
        np.testing.assert_array_equal(mask_of(run, "a link"), judge.matte(fact["sources"][0]["rgb"], fact["asked"]))
