"""Pictures of every kind through the whole engine: nobody in them, hardly a pixel, 16 bits, their own transparency."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.types import CutOut, Matte, Options
from tests.engine.scenes import Scene, photo, picture

if TYPE_CHECKING:
    from engine import Engine

NOBODY = "Nobody was found in this picture: the matte is empty."


class TestNobody:
    @pytest.mark.parametrize("name", ["coffee", "rocket", "chelsea", "brick", "grass", "coins"])
    def test_there_is_an_empty_matte_and_a_warning_and_no_invented_foreground(self, engine: Engine, name: str) -> None:
        cut = engine.cut_out(picture(photo(name)))
        assert cut.matte.shape == photo(name).shape[:2]
        assert not cut.matte.any()
        assert not cut.foreground.any()
        assert cut.report.people == ()
        assert cut.report.warnings == (NOBODY,)
        assert list(cut.report.milliseconds) == ["people", "foreground"]

    @pytest.mark.parametrize("people", ["all", "largest", 2])
    def test_nor_where_somebody_is_asked_for(self, engine: Engine, people: str | int) -> None:
        cut = engine.cut_out(picture(photo("coffee")), Options(people=people))
        assert not cut.matte.any()
        assert cut.report.warnings == (NOBODY,)

    def test_the_pictures_own_notes_are_warned_of_as_well(self, engine: Engine) -> None:
        note = "GIF with 12 frames: the first was used"
        shown = replace(picture(photo("coins")), notes=(note,))
        assert engine.cut_out(shown).report.warnings == (note, NOBODY)

    @pytest.mark.parametrize(
        ("shape", "highest"),
        [((1, 1), 0), ((1, 1), 255), ((3, 3), None), ((1, 100_000), None), ((100_000, 1), None), ((30, 30_000), None)]
        + [((120, 160), highest) for highest in (0, 255, None)],
    )
    def test_pictures_of_black_white_or_noise_are_no_trouble(
        self, engine: Engine, shape: tuple[int, int], highest: int | None
    ) -> None:
        noise = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
        shown = noise if highest is None else np.full_like(noise, highest)
        cut = engine.cut_out(picture(shown))
        assert cut.matte.shape == shape
        assert cut.foreground.shape == (*shape, 3)
        assert not cut.matte.any()
        assert cut.report.warnings == (NOBODY,)


def test_16_bits_give_the_same_matte_and_colours_in_16_bits(
    engine: Engine, portrait: Scene, portrait_cut: CutOut
) -> None:
    low_bits = np.random.default_rng(1).integers(0, 256, portrait.pixels.shape, np.uint16)
    pixels = portrait.pixels.astype(np.uint16) * 256 + low_bits
    cut = engine.cut_out(picture(pixels))
    assert np.array_equal(cut.matte, portrait_cut.matte)
    assert cut.foreground.dtype == np.uint16
    assert np.array_equal(cut.foreground[cut.matte == 1], pixels[cut.matte == 1])
    assert np.abs((cut.foreground >> 8).astype(int) - portrait_cut.foreground).max() <= 3


class TestOwnTransparency:
    """The left half is erased, the right quarter is solid, between are all values; she stands in all three."""

    @pytest.fixture
    def own(self, portrait: Scene) -> Matte:
        height, width = portrait.truth.shape
        return np.clip(np.linspace(-2, 2, width, dtype=np.float32), 0, 1)[None].repeat(height, 0)

    def test_it_is_multiplied_with_the_matte_and_what_was_erased_stays_so(
        self, engine: Engine, portrait: Scene, portrait_cut: CutOut, own: Matte
    ) -> None:
        pixels = portrait.pixels.astype(np.uint16) * 257
        alpha = np.rint(own * 65535).astype(np.uint16)
        cut = engine.cut_out(picture(pixels, alpha))
        assert cut.matte.dtype == np.float32
        assert cut.matte == pytest.approx(portrait_cut.matte * (alpha / 65535), abs=1e-6)
        assert (cut.matte == 1).any()
        assert np.array_equal(cut.foreground[cut.matte == 1], pixels[cut.matte == 1])
        assert ((cut.matte == 0) & (portrait_cut.matte == 1)).any()
        assert not cut.foreground[cut.matte == 0].any()

    def test_a_binary_matte_is_binary_all_the_same(
        self, engine: Engine, portrait: Scene, portrait_cut: CutOut, own: Matte
    ) -> None:
        alpha = np.rint(own * 255).astype(np.uint8)
        cut = engine.cut_out(picture(portrait.pixels, alpha), Options(edge="crisp"))
        assert np.array_equal(cut.matte, (portrait_cut.matte > np.float32(0.3)) & (alpha > 127))
