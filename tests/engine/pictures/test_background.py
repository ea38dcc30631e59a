"""What lies behind: colours by name, pictures that cover the frame, both in the photo's depth and profile."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import NotAPictureError, UsageError
from engine.pictures.background import Colour, backdrop, parse_background
from engine.types import Picture
from tests.engine.pictures import making
from tests.engine.pictures.making import colours, picture, profile, scene


def no_file(name: str) -> Picture:
    raise FileNotFoundError(2, "No such file or directory", name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("white", Colour(255, 255, 255)),
        ("RebeccaPurple", Colour(102, 51, 153)),
        ("#36c", Colour(51, 102, 204)),
        ("#3366cc", Colour(51, 102, 204)),
        ("#3366ccff", Colour(51, 102, 204)),
        (" rgb(1, 2, 3) ", Colour(1, 2, 3)),
        ("hsl(0, 100%, 50%)", Colour(255, 0, 0)),
    ],
)
def test_colours(text: str, expected: Colour) -> None:
    assert parse_background(text, no_file) == expected


def test_what_is_no_colour_is_read_as_a_picture() -> None:
    beach = picture(scene())
    assert parse_background("海滩.jpg", {"海滩.jpg": beach}.__getitem__) is beach


def test_neither_is_a_sentence() -> None:
    with pytest.raises(UsageError, match=r"background 'whit' is no colour, and no picture.*Write a name like white"):
        parse_background("whit", no_file)


def test_a_picture_that_cannot_be_decoded_says_why() -> None:
    def broken(name: str) -> Picture:
        raise NotAPictureError(f"{name}: the file is empty")

    with pytest.raises(UsageError, match=r"beach\.jpg: the file is empty"):
        parse_background("beach.jpg", broken)


@pytest.mark.parametrize("text", ["rgb(300, 0, 0)", "rgb(101%, 0%, 0%)", "hsl(0, 500%, 50%)"])
def test_numbers_that_no_colour_has_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no colour: its numbers are out of range\. Write 0 to 255, or 0% to 100%"):
        parse_background(text, no_file)


def test_a_colour_that_can_be_seen_through_is_refused() -> None:
    with pytest.raises(UsageError, match=r"transparent.*Ask for a cut-out"):
        parse_background("#3366cc80", no_file)


def test_a_colour_in_16_bits() -> None:
    result = backdrop(Colour(51, 102, 255), picture(colours(16)))
    assert result.dtype == np.uint16
    assert result.tolist() == [[[51 * 257, 102 * 257, 65535]]]


def test_a_colour_looks_the_same_under_the_photos_profile() -> None:
    result = backdrop(Colour(255, 0, 0), picture(colours(), icc=profile(swap=True)))
    assert np.abs(result.astype(int) - [0, 255, 0]).max() <= 1  # that profile calls green what others call red


@pytest.mark.parametrize(("height", "width"), [(24, 36), (240, 360), (10, 10), (100, 20), (20, 100), (1, 1), (3, 500)])
def test_a_picture_covers_the_frame(height: int, width: int) -> None:
    result = backdrop(picture(colours(height=height, width=width)), picture(colours()))
    assert result.shape == (24, 36, 3)


def test_a_picture_of_the_same_size_is_taken_as_it_is() -> None:
    np.testing.assert_array_equal(backdrop(picture(colours(seed=3)), picture(colours())), colours(seed=3))


def test_the_middle_is_taken() -> None:
    wide = np.zeros((24, 100, 3), np.uint8)
    wide[:, 32:68] = colours()
    np.testing.assert_array_equal(backdrop(picture(wide), picture(colours(seed=1))), colours())


def test_depths_meet() -> None:
    np.testing.assert_array_equal(backdrop(picture(colours()), picture(colours(16))), colours().astype(np.uint16) * 257)
    np.testing.assert_array_equal(
        backdrop(picture(colours().astype(np.uint16) * 257), picture(colours(seed=1))), colours()
    )


def test_profiles_meet() -> None:
    swapped = profile(swap=True, gamma=1.8)
    result = backdrop(picture(making.scene(24, 36), icc=profile(gamma=1.8)), picture(colours(), icc=swapped))
    assert np.abs(result.astype(int) - making.scene(24, 36)[..., [1, 0, 2]]).max() <= 2


def test_a_transparent_background_stands_on_white() -> None:
    alpha = np.zeros((24, 36), np.uint8)
    alpha[:, :18] = 255
    result = backdrop(picture(colours(), alpha=alpha), picture(colours(seed=1)))
    np.testing.assert_array_equal(result[:, :18], colours()[:, :18])
    assert (result[:, 18:] == 255).all()
