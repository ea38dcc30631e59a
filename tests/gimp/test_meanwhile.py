"""GIMP's user goes on while the engine works: what comes is of the layer and the selection as they were at the call."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from engine.types import Pixels
from tests.engine.server.live import Live, live, until
from tests.gimp.inside.kinds import HEIGHT, OFFSET, SELECTED, WIDTH
from tests.gimp.inside.meanwhile import ACTS
from tests.gimp.judging import Judge
from tests.gimp.running import Desk, Run

pytestmark = pytest.mark.timeout(600)

MEDDLER = Path(__file__).parent / "meddler"
GONE = [each for each in ACTS if "resized" in each or "removed" in each]
LIMITED = [each for each in ACTS if each.startswith("mask") and "at last" not in each and each not in GONE]


@pytest.fixture(scope="module")
def engine() -> Iterator[Live]:
    """Its worker is stopped until the image has been changed."""
    with live("quality: fast\n") as one:
        yield one


@pytest.fixture(scope="module")
def run(desk: Desk, engine: Live) -> Run:
    at = replace(desk, sockets=engine.address.parent, others=(MEDDLER,))
    return at.run("meanwhile", partial(_meddle, desk.shared, engine))


def _meddle(shared: Path, engine: Live, gimp: subprocess.Popen[str]) -> None:
    def during(check: str) -> bool:
        now = shared / "now"
        return gimp.poll() is None and now.exists() and now.read_text(encoding="ascii") == check

    for check, act in ACTS.items():
        engine.worker.suspend()
        try:
            until(partial(_awaited, during, check, engine, gimp), seconds=90)
            (shared / "asking").write_text(act, encoding="ascii")
            (shared / "asking").rename(shared / "meddle")
            until(lambda: gimp.poll() is not None or (shared / "meddled").exists(), seconds=30)
            (shared / "meddled").unlink(missing_ok=True)
        finally:
            engine.worker.resume()
        until(partial(_over, during, check), seconds=90)


def _awaited(during: Callable[[str], bool], check: str, engine: Live, gimp: subprocess.Popen[str]) -> bool:
    """Whether the engine has this check's layer."""
    return gimp.poll() is not None or (during(check) and bool(engine.status()["jobs"]))


def _over(during: Callable[[str], bool], check: str) -> bool:
    return not during(check)


def inside() -> Pixels:
    """255 where the selection is at the call, [HEIGHT, WIDTH] of the layer."""
    left, top, width, height = SELECTED
    canvas = np.zeros((OFFSET[1] + HEIGHT, OFFSET[0] + WIDTH), np.uint8)
    canvas[top : top + height, left : left + width] = 255
    return canvas[OFFSET[1] :, OFFSET[0] :]


def test_it_ends_well(run: Run) -> None:
    assert (run.code, run.alarms) == (0, []), run.complaints


def test_every_check_was_made(run: Run) -> None:
    assert list(run.facts) == list(ACTS)
    assert {check for check, fact in run.facts.items() if fact["status"] != "SUCCESS"} == set(GONE)


@pytest.mark.parametrize("check", GONE)
def test_a_layer_that_is_not_what_it_was_is_left_alone(run: Run, check: str) -> None:
    fact = run.facts[check]
    assert fact["message"] == "The layer was removed or resized meanwhile. Nothing was changed. Try again."
    assert fact["masks"] == [None]


@pytest.mark.parametrize("check", LIMITED)
def test_a_mask_is_limited_to_what_was_selected_at_the_call(run: Run, judge: Judge, check: str) -> None:
    fact = run.facts[check]
    matte = judge.matte(fact["sources"][0]["rgb"], {})
    assert (matte[inside() == 0] > 0).any()
    np.testing.assert_array_equal(
        run.samples(fact["masks"][0], WIDTH, HEIGHT), np.where(inside(), matte, np.uint8(255))
    )


def test_a_cutout_is_limited_to_what_was_selected_at_the_call(run: Run, judge: Judge) -> None:
    check = "cutout, another selection"
    alpha = judge.cutout(run.facts[check]["sources"][0]["rgb"], {})[..., 3]
    new = run.samples(f"{check} layer", WIDTH, HEIGHT, 4)[..., 3]
    np.testing.assert_array_equal(new, np.where(inside(), alpha, 0))


def test_a_cutout_has_the_pixels_that_were_there_at_the_call(run: Run) -> None:
    fact = run.facts["cutout, painted over"]
    assert fact["unchanged"] == [False]
    new = run.samples("cutout, painted over layer", WIDTH, HEIGHT, 4)
    there = run.samples(fact["sources"][0]["rgb"], WIDTH, HEIGHT, 3)
    solid = new[..., 3] == 255
    assert solid.mean() > 0.1
    np.testing.assert_array_equal(new[solid][:, :3], there[solid])


def test_where_nothing_was_selected_at_the_call_nothing_is_limited(run: Run, judge: Judge) -> None:
    fact = run.facts["mask, a selection at last"]
    matte = judge.matte(fact["sources"][0]["rgb"], {})
    np.testing.assert_array_equal(run.samples(fact["masks"][0], WIDTH, HEIGHT), matte)
