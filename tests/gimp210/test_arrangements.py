"""Layers in GIMP 2.10 wherever they lie and however they are set; what a selection limits; masks that are there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engine.types import Pixels, Rgb8
from tests.gimp.judging import Judge
from tests.gimp.running import Run
from tests.gimp210.kinds import HEIGHT, WIDTH
from tests.gimp210.running import Desk

pytestmark = pytest.mark.timeout(600)

ARRANGEMENTS = (
    "on a larger canvas",
    "partly off the canvas",
    "wholly off the canvas",
    "with a mask",
    "in a group",
    "a group",
    "locked, with a mask",
    "alpha locked",
    "hidden",
    "text",
    "linked",
    "its mask selected",
    "a channel selected",
)
SELECTIONS = {
    "selected": "<u1",
    "softly selected": "<u1",
    "softly selected, with a mask": "<u1",
    "softly selected, moved": "<u1",
    "softly selected, with a mask, u16": "<u2",
    "softly selected, with a mask, float": "<f4",
}

everywhere = pytest.mark.parametrize("name", [*ARRANGEMENTS, *SELECTIONS])
every_arrangement = pytest.mark.parametrize("name", ARRANGEMENTS)
every_selection = pytest.mark.parametrize(("name", "kind"), SELECTIONS.items())


@pytest.fixture(scope="module")
def run(desk: Desk) -> Run:
    return desk.run("arrangements")


@pytest.fixture(scope="module")
def cutout(judge: Judge, run: Run, photo: Rgb8) -> Pixels:
    """Of the photo, by the command; RGBA."""
    (judge.shared / f"source-{WIDTH}x{HEIGHT}.rgb").write_bytes(photo.tobytes())
    return judge.cutout(f"source-{WIDTH}x{HEIGHT}.rgb", {})


@pytest.fixture(scope="module")
def matte(cutout: Pixels) -> Pixels:
    return cutout[..., 3]


def values(run: Run, file: str, kind: str) -> npt.NDArray[np.float64]:
    """0..1, [HEIGHT, WIDTH, channels]."""
    found = np.frombuffer(run.bytes_of(file), kind).reshape(HEIGHT, WIDTH, -1)
    return found / (np.iinfo(found.dtype).max if found.dtype.kind == "u" else 1.0)


def test_it_ends_well(run: Run) -> None:
    assert (run.code, run.alarms) == (0, []), run.complaints


@everywhere
def test_pixels_settings_and_selection_stay(run: Run, name: str) -> None:
    assert run.facts[name]["unchanged"]


@everywhere
def test_the_new_layer_lies_directly_above_and_covers_it(run: Run, name: str) -> None:
    fact = run.facts[name]
    assert fact["place"] == 1 + (name == "linked")
    assert fact["above"] == {"offsets": fact["offsets"], "size": fact["size"], "name": f"{fact['name']} cut-out"}


@every_arrangement
def test_the_mask_is_the_commands_matte(run: Run, matte: Pixels, name: str) -> None:
    """A mask that was there is replaced."""
    np.testing.assert_array_equal(run.samples(run.facts[name]["mask"], WIDTH, HEIGHT), matte)


@pytest.mark.parametrize("name", [each for each in ARRANGEMENTS if each != "alpha locked"])
def test_the_layer_is_the_commands_cut_out(run: Run, cutout: Pixels, name: str) -> None:
    np.testing.assert_array_equal(run.samples(run.facts[name]["new"], WIDTH, HEIGHT, 4), cutout)


@every_selection
def test_a_mask_changes_inside_of_the_selection_alone(run: Run, matte: Pixels, name: str, kind: str) -> None:
    fact = run.facts[name]
    mask, chosen = (values(run, fact[each], kind)[..., 0] for each in ("mask", "selection"))
    was = values(run, fact["was"], kind)[..., 0] if run.bytes_of(fact["was"]) else np.ones((HEIGHT, WIDTH))
    assert (chosen == 0).any()
    np.testing.assert_array_equal(mask[chosen == 0], was[chosen == 0])
    inside = chosen > 0.9999
    assert inside.any()
    assert np.abs(mask - matte / 255)[inside].max() < 1e-4
    assert np.abs(mask - (was * (1 - chosen) + chosen * matte / 255)).max() < 1.6 / 255


@every_selection
def test_a_new_layer_has_what_is_selected(run: Run, matte: Pixels, name: str, kind: str) -> None:
    fact = run.facts[name]
    new, chosen = values(run, fact["new"], kind), values(run, fact["selection"], kind)[..., 0]
    assert np.abs(new[..., 3] - matte / 255 * chosen).max() < 1.1 / 255
    assert not new[..., 3][chosen == 0].any()
    own = values(run, fact["before"], kind)
    np.testing.assert_array_equal(new[..., :3][matte == 255], own[..., :3][matte == 255])


@pytest.mark.parametrize("name", ["softly selected", "softly selected, moved"])
def test_selections_really_are_soft(run: Run, name: str) -> None:
    assert len(np.unique(run.samples(run.facts[name]["selection"], WIDTH, HEIGHT))) > 50
