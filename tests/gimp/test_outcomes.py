"""Every kind of result is what `bshm cutout` makes of the same pixels; where something is selected, only there."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from engine.types import Pixels
from tests.gimp.inside.kinds import CANVAS, EXACT, HEIGHT, OFFSET, OUTCOMES, SELECTED, WIDTH, Kind
from tests.gimp.judging import Judge
from tests.gimp.running import Desk, Run

pytestmark = pytest.mark.timeout(600)

HAS_GREYS = [each for each in OUTCOMES if each.base != "indexed"]
INDEXED = [each for each in OUTCOMES if each.base == "indexed"]
_LAYER = np.s_[OFFSET[1] : OFFSET[1] + HEIGHT, OFFSET[0] : OFFSET[0] + WIDTH]  # of the canvas

every_kind = pytest.mark.parametrize("kind", OUTCOMES, ids=lambda kind: kind.name)
with_greys = pytest.mark.parametrize("kind", HAS_GREYS, ids=lambda kind: kind.name)
indexed = pytest.mark.parametrize("kind", INDEXED, ids=lambda kind: kind.name)
locks = pytest.mark.parametrize("lock", ["position", "content", "visibility"])
selected = pytest.mark.parametrize("shape", ["rectangle", "soft"])


@pytest.fixture(scope="module")
def run(desk: Desk) -> Run:
    return desk.run("outcomes")


def sent(fact: Any, kind: Kind) -> str:
    """The pixels that the engine is given for other results than a mask: with the layer's alpha."""
    return str(fact["sources"][0]["rgba" if kind.alpha else "rgb"])


def layer_of(run: Run, check: str) -> Pixels:
    """The one new layer, RGBA [HEIGHT, WIDTH, 4]; it lies where the old one does, right above it."""
    (new,) = run.facts[f"{check}: results"]["layers"]
    assert (new["place"], new["size"], new["offsets"]) == (-1, [WIDTH, HEIGHT], list(OFFSET))
    return run.samples(new["file"], WIDTH, HEIGHT, 4)


def selection_of(run: Run, check: str, when: str = "") -> Pixels:
    """[H, W] of the canvas. when: " before" for the one before the call."""
    return run.samples(f"{check} selection{when}", *CANVAS)


def mask_of(run: Run, check: str) -> Pixels:
    return run.samples(run.facts[check]["masks"][0], WIDTH, HEIGHT)


def apart(one: Any, other: Any) -> float:
    """The largest difference of two pictures' samples."""
    return float(np.abs(np.subtract(one, other, dtype=float)).max())


def test_it_ends_well(run: Run) -> None:
    assert (run.code, run.alarms) == (0, []), run.complaints


def test_no_call_changes_the_layer(run: Run) -> None:
    calls = {check: fact for check, fact in run.facts.items() if "unchanged" in fact}
    assert len(calls) > 30
    assert [check for check, fact in calls.items() if not all(fact["unchanged"])] == []


class TestCutout:
    @every_kind
    def test_its_alpha_is_the_commands(self, run: Run, judge: Judge, kind: Kind) -> None:
        """Each pixel of an indexed image is there or not."""
        check = f"cutout, {kind.name}"
        fact = run.facts[check]
        alpha: Pixels = judge.cutout(sent(fact, kind), fact["asked"])[..., 3]
        if kind.base == "indexed":
            assert set(np.unique(alpha)) - {0, 255}
            alpha = np.where(alpha >= 128, np.uint8(255), np.uint8(0))
        np.testing.assert_array_equal(layer_of(run, check)[..., 3], alpha)

    @with_greys
    def test_it_looks_like_the_commands(self, run: Run, judge: Judge, kind: Kind) -> None:
        """Before black, in 8-bit steps. GEGL rounds the colours of the faintest alpha; greys are made of colours."""
        check = f"cutout, {kind.name}"
        fact = run.facts[check]
        wanted, got = judge.cutout(sent(fact, kind), fact["asked"]), layer_of(run, check)
        colours: Pixels = wanted[..., :3]
        if kind.base == "grey":
            colours = np.dstack([np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), np.uint8)] * 3)
        opacity = wanted[..., 3:] / 255
        bound = 0.05 if kind.base == "rgb" and kind.precision == EXACT else 1
        assert apart(got[..., :3] * opacity, colours * opacity) <= bound

    @every_kind
    def test_inside_a_person_the_layers_own_pixels_stay(self, run: Run, judge: Judge, kind: Kind) -> None:
        check = f"cutout, {kind.name}"
        fact = run.facts[check]
        new = layer_of(run, check)
        own = run.samples(fact["sources"][0]["rgb"], WIDTH, HEIGHT, 3)
        inside = judge.cutout(sent(fact, kind), fact["asked"])[..., 3] == 255
        assert inside.mean() > 0.1
        np.testing.assert_array_equal(new[inside][:, :3], own[inside])

    @selected
    def test_with_a_selection_only_what_is_in_it(self, run: Run, judge: Judge, shape: str) -> None:
        check = f"cutout, {shape}"
        fact = run.facts[check]
        alpha = judge.cutout(sent(fact, Kind("rgb")), fact["asked"])[..., 3]
        inside = selection_of(run, check, " before")[_LAYER] / 255
        assert apart(layer_of(run, check)[..., 3], alpha * inside) <= 1

    def test_an_existing_mask_is_intersected_and_stays(self, run: Run, judge: Judge) -> None:
        check = "cutout, in a group, a mask"
        fact = run.facts[check]
        alpha = judge.cutout(sent(fact, Kind("rgb")), fact["asked"])[..., 3]
        ramp = mask_of(run, check)
        assert ramp[0].tolist() == [x * 255 // (WIDTH - 1) for x in range(WIDTH)]
        assert apart(layer_of(run, check)[..., 3], alpha * (ramp / 255)) <= 1

    def test_it_looks_as_the_layer_does(self, run: Run) -> None:
        """Opacity, mode and where that is computed are the layer's; a matte is to be read, and has none of it."""
        assert run.facts["cutout, looks: new"] == {"opacity": 40.0, "multiplies": True, "linear": True}
        assert run.facts["matte, looks: new"] == {"opacity": 100.0, "multiplies": False, "linear": False}


class TestLockedGroups:
    @locks
    def test_a_new_layer_lies_where_the_old_one_does(self, run: Run, judge: Judge, lock: str) -> None:
        fact = run.facts[f"cutout, in a group, locked {lock}"]
        assert (fact["status"], fact["message"]) == ("SUCCESS", "")
        alpha = judge.cutout(sent(fact, Kind("rgb")), fact["asked"])[..., 3]
        np.testing.assert_array_equal(layer_of(run, f"cutout, in a group, locked {lock}")[..., 3], alpha)
        matte = judge.matte(sent(fact, Kind("rgb")), fact["asked"])
        np.testing.assert_array_equal(layer_of(run, f"matte, in a group, locked {lock}")[..., 0], matte)

    @locks
    def test_a_selection_too(self, run: Run, judge: Judge, lock: str) -> None:
        check = f"selection, in a group, locked {lock}"
        fact = run.facts[check]
        wanted = np.zeros(CANVAS[::-1], np.uint8)
        wanted[_LAYER] = judge.matte(sent(fact, Kind("rgb")), fact["asked"])
        np.testing.assert_array_equal(selection_of(run, check), wanted)
        assert (fact["more_layers"], fact["masks"]) == (0, [None])


class TestMatte:
    @with_greys
    def test_it_is_the_commands(self, run: Run, judge: Judge, kind: Kind) -> None:
        check = f"matte, {kind.name}"
        fact = run.facts[check]
        new = layer_of(run, check)
        matte = judge.matte(sent(fact, kind), fact["asked"])
        np.testing.assert_array_equal(new, np.dstack([matte, matte, matte, np.full_like(matte, 255)]))
        assert fact["chosen_stay"]

    @indexed
    def test_an_indexed_image_has_no_greys(self, run: Run, kind: Kind) -> None:
        fact = run.facts[f"matte, {kind.name}"]
        assert (fact["status"], fact["more_layers"], fact["masks"]) == ("EXECUTION_ERROR", 0, [None])
        assert "Image > Mode > RGB" in fact["message"]

    @selected
    def test_outside_of_a_selection_it_is_black(self, run: Run, judge: Judge, shape: str) -> None:
        check = f"matte, {shape}"
        fact = run.facts[check]
        inside = selection_of(run, check, " before")[_LAYER] / 255
        wanted = judge.matte(sent(fact, Kind("rgb")), fact["asked"]) * inside
        assert apart(layer_of(run, check)[..., 0], wanted) <= 1


class TestSelection:
    @every_kind
    def test_it_is_the_commands_matte(self, run: Run, judge: Judge, kind: Kind) -> None:
        check = f"selection, {kind.name}"
        fact = run.facts[check]
        wanted = np.zeros(CANVAS[::-1], np.uint8)
        wanted[_LAYER] = judge.matte(sent(fact, kind), fact["asked"])
        np.testing.assert_array_equal(selection_of(run, check), wanted)
        assert (fact["more_layers"], fact["masks"]) == (0, [None])

    @selected
    def test_an_earlier_selection_limits_it(self, run: Run, judge: Judge, shape: str) -> None:
        check = f"selection, {shape}"
        fact = run.facts[check]
        wanted = np.zeros(CANVAS[::-1])
        wanted[_LAYER] = judge.matte(sent(fact, Kind("rgb")), fact["asked"])
        assert apart(selection_of(run, check), wanted * (selection_of(run, check, " before") / 255)) <= 1


class TestMaskWithSelection:
    @selected
    def test_only_what_is_selected_is_changed(self, run: Run, judge: Judge, shape: str) -> None:
        """Where there was no mask, everything outside is shown as before."""
        wanted = self._wanted(run, judge, f"mask, {shape}", np.full((HEIGHT, WIDTH), 255))
        assert apart(mask_of(run, f"mask, {shape}"), wanted) <= 1

    def test_outside_an_existing_mask_stays(self, run: Run, judge: Judge) -> None:
        check = "mask, soft, a mask"
        wanted = self._wanted(run, judge, check, run.samples("ramp", WIDTH, HEIGHT))
        assert apart(mask_of(run, check), wanted) <= 1

    def test_the_selection_stays(self, run: Run) -> None:
        left, top, width, height = SELECTED
        rectangle = np.zeros(CANVAS[::-1], np.uint8)
        rectangle[top : top + height, left : left + width] = 255
        np.testing.assert_array_equal(selection_of(run, "mask, rectangle"), rectangle)

    def test_one_that_does_not_touch_the_layer_is_said_to_be_beside_it(self, run: Run) -> None:
        fact = run.facts["mask, elsewhere"]
        assert (fact["status"], fact["masks"]) == ("EXECUTION_ERROR", [None])
        assert "No part of 'photo' is selected" in fact["message"]

    def _wanted(self, run: Run, judge: Judge, check: str, before: Pixels) -> Any:
        fact = run.facts[check]
        inside = selection_of(run, check, " before")[_LAYER] / 255
        assert 0 < inside.mean() < 1
        return before * (1 - inside) + judge.matte(fact["sources"][0]["rgb"], fact["asked"]) * inside
