"""Images of every mode and precision in GIMP 2.10: masks and layers are what `bshm cutout` makes of the same pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engine.types import Rgb8
from tests.gimp.judging import Judge
from tests.gimp.running import Run
from tests.gimp210.kinds import HEIGHT, KINDS, WIDTH
from tests.gimp210.running import Desk

pytestmark = pytest.mark.timeout(600)

Kind = tuple[str, bool, str]
Values = npt.NDArray[np.float64]
TYPES = {"u8": "<u1", "u16": "<u2", "u32": "<u4", "half": "<f2", "float": "<f4", "double": "<f8"}

every_kind = pytest.mark.parametrize(("name", "kind"), KINDS.items(), ids=KINDS)


@pytest.fixture(scope="module")
def run(desk: Desk) -> Run:
    return desk.run("every_kind")


def samples(run: Run, file: str, kind: Kind, channels: int) -> npt.NDArray[Any]:
    """In their own depth, [HEIGHT, WIDTH, channels]."""
    found = np.frombuffer(run.bytes_of(file), TYPES[kind[2].split()[0]])
    return found.reshape(HEIGHT, WIDTH, channels)


def values(found: npt.NDArray[Any]) -> Values:
    """0..255."""
    top = np.iinfo(found.dtype).max if found.dtype.kind == "u" else 1
    return found.astype(np.float64) * 255 / top


def colours(kind: Kind) -> int:
    return 3 if kind[0] == "rgb" else 1


def gamma_encoded(linear: Values) -> Values:
    """IEC 61966-2-1, 0..255."""
    light = linear / 255
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055) * 255


def test_it_ends_well(run: Run) -> None:
    assert (run.code, run.alarms) == (0, []), run.complaints


@every_kind
def test_pixels_stay_as_they_are(run: Run, name: str, kind: Kind) -> None:
    assert run.facts[name]["unchanged"]


@every_kind
def test_the_mask_is_the_commands_matte(run: Run, judge: Judge, name: str, kind: Kind) -> None:
    """Of the pixels without alpha: GIMP multiplies mask and alpha."""
    fact = run.facts[name]
    matte = judge.matte(fact["seen"]["rgb"], {})
    assert (matte.min(), matte.max()) == (0, 255)
    mask = samples(run, fact["mask"], kind, 1)[..., 0]
    assert np.abs(values(mask) - matte).max() < (0.07 if "half" in kind[2] else 1e-4)


@every_kind
def test_the_engine_sees_the_photo(run: Run, photo: Rgb8, name: str, kind: Kind) -> None:
    """As GIMP itself makes 8 bits of it; 8 bits of linear light cannot tell dark colours apart."""
    if kind[0] == "rgb":
        fact = run.facts[name]
        seen = run.samples(fact["seen"]["rgb"], WIDTH, HEIGHT, 3)
        assert np.abs(seen.astype(int) - photo).max() <= (6 if kind[2] == "u8 linear" else 0)


@every_kind
def test_a_new_layer_lies_above(run: Run, name: str, kind: Kind) -> None:
    fact = run.facts[name]
    assert (fact["names"], fact["size"], fact["alpha"]) == (["photo cut-out", "photo"], [WIDTH, HEIGHT], True)


@every_kind
def test_its_alpha_is_the_commands(run: Run, judge: Judge, name: str, kind: Kind) -> None:
    fact = run.facts[name]
    wanted = judge.cutout(fact["seen"]["rgba" if kind[1] else "rgb"], {})[..., 3].astype(float)
    if kind[0] == "indexed":
        wanted = np.where(wanted > 127, 255.0, 0.0)
    alpha = samples(run, fact["new"], kind, colours(kind) + 1)[..., -1]
    assert np.abs(values(alpha) - wanted).max() < (0.07 if "half" in kind[2] else 1e-4)


@every_kind
def test_its_pixels_are_the_layers_own_where_it_is_opaque(run: Run, judge: Judge, name: str, kind: Kind) -> None:
    """Bit by bit, in their own depth."""
    fact = run.facts[name]
    count = colours(kind)
    own = samples(run, fact["own"], kind, count + kind[1])[..., :count]
    new = samples(run, fact["new"], kind, count + 1)[..., :count]
    cutout = judge.cutout(fact["seen"]["rgba" if kind[1] else "rgb"], {})
    opaque = cutout[..., 3] == (255 if kind[0] != "indexed" else cutout[..., 3])
    assert opaque.any()
    np.testing.assert_array_equal(new[opaque], own[opaque])


@pytest.mark.parametrize(("name", "kind"), [each for each in KINDS.items() if each[1][0] != "indexed"])
def test_its_soft_edges_have_the_engines_colours(run: Run, judge: Judge, name: str, kind: Kind) -> None:
    fact = run.facts[name]
    count = colours(kind)
    new = values(samples(run, fact["new"], kind, count + 1)[..., :count])
    cutout = judge.cutout(fact["seen"]["rgba" if kind[1] else "rgb"], {})
    soft = (cutout[..., 3] > 0) & (cutout[..., 3] < 255)
    assert soft.any()
    if "linear" in kind[2]:
        new = gamma_encoded(new)
    bound = {"u8 linear": 7, "half": 0.1, "half linear": 0.2, "u16 linear": 0.1}.get(kind[2], 0.01)
    assert np.abs(new - cutout[..., :count])[soft].max() < bound


@pytest.mark.parametrize(("name", "channels"), [("RGB", "rgb"), ("RGB with alpha", "rgba")])
def test_in_8_bits_all_of_the_layer_is_the_commands_cut_out(run: Run, judge: Judge, name: str, channels: str) -> None:
    fact = run.facts[name]
    cutout = judge.cutout(fact["seen"][channels], {})
    np.testing.assert_array_equal(run.samples(fact["new"], WIDTH, HEIGHT, 4), cutout)
