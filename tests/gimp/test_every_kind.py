"""Images of every mode and precision: the mask is what `bshm cutout` makes of the same pixels, bit by bit."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from engine.types import Rgb8
from tests.gimp.inside.kinds import EXPORTED, HEIGHT, KINDS, WIDTH, Kind
from tests.gimp.judging import Judge
from tests.gimp.running import Desk, Run

pytestmark = pytest.mark.timeout(600)

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture(scope="module")
def run(desk: Desk) -> Run:
    return desk.run("every_kind")


def test_it_ends_well(run: Run) -> None:
    assert (run.code, run.alarms) == (0, []), run.complaints


@every_kind
def test_it_succeeds(run: Run, kind: Kind) -> None:
    assert (run.facts[kind.name]["status"], run.facts[kind.name]["message"]) == ("SUCCESS", "")


@every_kind
def test_pixels_stay_as_they_are(run: Run, kind: Kind) -> None:
    assert run.facts[kind.name]["unchanged"] == [True]


@every_kind
def test_the_mask_is_the_commands_matte(run: Run, judge: Judge, kind: Kind) -> None:
    fact = run.facts[kind.name]
    matte = judge.matte(fact["sources"][0]["rgb"], fact["asked"])
    assert matte.max() == 255
    assert matte.min() == 0
    np.testing.assert_array_equal(run.samples(fact["masks"][0], WIDTH, HEIGHT), matte)


@every_kind
def test_the_engine_sees_the_photo(run: Run, photo: Rgb8, kind: Kind) -> None:
    """Colours of an indexed image are a palette's, and 8 bits of linear light cannot tell dark ones apart."""
    source = run.facts[kind.name]["sources"][0]
    seen = run.samples(source["rgb"], WIDTH, HEIGHT, 3)
    wanted = np.dstack([cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)] * 3) if kind.base == "grey" else photo
    if kind.base == "indexed":
        opaque = run.samples(source["rgba"], WIDTH, HEIGHT, 4)[..., 3] == 255
        assert np.abs(seen.astype(int) - wanted)[opaque].mean() < 5
    else:
        assert np.abs(seen.astype(int) - wanted).max() <= (6 if kind.precision == "u8-linear" else 0)


@pytest.mark.parametrize("kind", [each for each in KINDS if each.precision in EXPORTED], ids=lambda kind: kind.name)
def test_the_exported_file_has_it_as_alpha(run: Run, judge: Judge, kind: Kind) -> None:
    fact = run.facts[kind.name]
    matte = judge.matte(fact["sources"][0]["rgb"], fact["asked"])
    exported = _alpha(run, kind)
    if kind.base == "indexed":
        assert set(np.unique(exported)) <= {0, 1}
        return
    own = np.full_like(matte, 255)
    if kind.alpha:
        own = run.samples(fact["sources"][0]["rgba"], WIDTH, HEIGHT, 4)[..., 3]
    wanted = own.astype(float) * matte / 255**2
    bound = 1 / 255 if kind.alpha else 0  # GIMP itself drops the faintest alpha of 16-bit greys
    assert np.abs(exported - wanted).max() <= bound + 1e-9


def _alpha(run: Run, kind: Kind) -> Any:
    """Of the exported PNG, 0..1."""
    image = cv2.imdecode(np.frombuffer(run.bytes_of(f"{kind.name}.png"), np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None
    assert image.shape == (HEIGHT, WIDTH, 4)
    return image[..., 3] / (65535 if image.dtype == np.uint16 else 255)
