"""True edge colours: the picture's own where the matte is 1, and where it is soft, freed of the background."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import blocks
from engine.foreground import estimate_foreground
from engine.types import CutOut, Matte, Pixels, Size
from tests.engine.scenes import photo, surface

Colours = npt.NDArray[np.float32]  # [H, W, 3], 0..255

DEPTHS = (8, 16)


def composite(over: Colours, alpha: Matte, behind: Colours, bits: int) -> Pixels:
    mixed = (alpha[..., None] * over + (1 - alpha[..., None]) * behind) * ((2**bits - 1) / 255)
    return np.asarray(np.rint(mixed), np.uint8) if bits == 8 else np.asarray(np.rint(mixed), np.uint16)


def errors(over: Colours, alpha: Matte, behind: Colours, bits: int) -> tuple[float, float]:
    """Mean difference from the true foreground where the matte is soft, 0..255: the photo's own, and the estimate's."""
    pixels = composite(over, alpha, behind, bits)
    soft = (alpha > 0.05) & (alpha < 0.95)
    before, after = (
        float(np.abs(each[soft] / ((2**bits - 1) / 255) - over[soft]).mean())
        for each in (pixels, estimate_foreground(pixels, alpha))
    )
    return before, after


def soft_disc() -> Matte:
    """320 x 240: a disc with a rim of 20 pixels."""
    rows, columns = np.mgrid[:240, :320]
    return np.asarray(np.clip((90 - np.hypot(columns - 160, rows - 120)) / 20, 0, 1), np.float32)


def filled(colour: tuple[int, int, int]) -> Colours:
    return np.full((240, 320, 3), colour, np.float32)


class TestColours:
    @pytest.mark.parametrize("bits", DEPTHS)
    def test_one_colour_before_another(self, bits: int) -> None:
        """Measured: 68 before, 6 after."""
        before, after = errors(filled((230, 90, 40)), soft_disc(), filled((30, 120, 220)), bits)
        assert before > 50
        assert after < 0.15 * before

    def test_one_colour_before_a_photo(self) -> None:
        behind = np.asarray(cv2.resize(photo("coffee"), (320, 240)), np.float32)
        before, after = errors(filled((60, 200, 230)), soft_disc(), behind, 8)
        assert after < 0.4 * before

    @pytest.mark.parametrize("bits", DEPTHS)
    def test_hair_and_clothes_before_green(self, collins: CutOut, bits: int) -> None:
        """Measured: 41 before, 6 after."""
        green = np.broadcast_to(np.array([20, 230, 40], np.float32), collins.foreground.shape)
        before, after = errors(collins.foreground.astype(np.float32), collins.matte, green, bits)
        assert before > 30
        assert after < 0.3 * before

    @pytest.mark.parametrize("name", ["brick", "grass"])
    def test_hair_and_clothes_before_a_surface(self, collins: CutOut, name: str) -> None:
        behind = surface(name, Size(512, 512)).astype(np.float32)
        before, after = errors(collins.foreground.astype(np.float32), collins.matte, behind, 8)
        assert after < 0.5 * before


class TestOwnPixels:
    @pytest.mark.parametrize("kind", [np.uint8, np.uint16])
    def test_they_stay_where_the_matte_is_1_and_none_are_left_where_it_is_0(
        self, kind: type[np.uint8] | type[np.uint16]
    ) -> None:
        pixels = np.random.default_rng(1).integers(0, np.iinfo(kind).max, (240, 320, 3), kind, endpoint=True)
        matte = soft_disc()
        foreground = estimate_foreground(pixels, matte)
        assert foreground.dtype == kind
        assert np.array_equal(foreground[matte == 1], pixels[matte == 1])
        assert not foreground[matte == 0].any()

    @pytest.mark.parametrize("alpha", [0.0, 1.0])
    def test_a_matte_without_soft_pixels_needs_no_estimate(self, alpha: float) -> None:
        pixels = photo("chelsea")
        expected = pixels * np.uint8(alpha)
        assert np.array_equal(estimate_foreground(pixels, np.full(pixels.shape[:2], alpha, np.float32)), expected)

    def test_the_picture_is_not_changed(self) -> None:
        pixels = photo("chelsea")
        kept = pixels.copy()
        estimate_foreground(pixels, np.full(pixels.shape[:2], 0.5, np.float32))
        assert np.array_equal(pixels, kept)

    def test_colours_at_the_ends_of_the_scale_do_not_wrap_round(self) -> None:
        pixels = np.where(np.indices((64, 64)).sum(0)[..., None] % 2, 255, 0).astype(np.uint8).repeat(3, 2)
        nearly_solid = np.full((64, 64), 0.999, np.float32)
        assert np.abs(estimate_foreground(pixels, nearly_solid).astype(int) - pixels).max() <= 2


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 99))
def test_every_size_and_matte_gives_colours(width: int, height: int, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    pixels = numbers.integers(0, 256, (height, width, 3), np.uint8)
    matte = np.clip(numbers.random((height, width), np.float32) * 2 - 0.5, 0, 1).astype(np.float32)
    foreground = estimate_foreground(pixels, matte)
    assert foreground.shape == pixels.shape
    assert np.array_equal(foreground[matte == 1], pixels[matte == 1])
    assert not foreground[matte == 0].any()


@pytest.mark.parametrize("side", [50, 10_000])
def test_blocks_leave_no_seams(collins: CutOut, monkeypatch: pytest.MonkeyPatch, side: int) -> None:
    pixels = photo("astronaut")
    usual = estimate_foreground(pixels, collins.matte)
    monkeypatch.setattr(blocks, "_SIDE", side)
    assert np.abs(estimate_foreground(pixels, collins.matte).astype(int) - usual).max() <= 1
