"""A colour that the server lets through is one that the worker reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageColor

from engine.pictures.background import Colour, parse_background
from engine.server.colours import NAMES, SCHEMA, is_colour
from engine.types import Picture

PATTERN = SCHEMA["anyOf"][1]["pattern"]


def no_file(name: str) -> Picture:
    raise FileNotFoundError(name)


def test_the_names_are_those_that_the_worker_knows() -> None:
    assert set(NAMES) == set(ImageColor.colormap)


@given(st.sampled_from(NAMES) | st.sampled_from(NAMES).map(str.upper) | st.from_regex(PATTERN, fullmatch=True))
def test_what_is_a_colour_here_is_one_there(text: str) -> None:
    assert is_colour(text)
    colour = parse_background(text, no_file)
    assert isinstance(colour, Colour)
    assert all(0 <= part <= 255 for part in (colour.red, colour.green, colour.blue))


@pytest.mark.parametrize(
    "text", ["", "transparent", "#ff", "#ffff", "#ffffff80", "rgb(256,0,0)", "rgb(1,2)", "white\n", "#fff ", "/a.png"]
)
def test_what_is_none(text: str) -> None:
    assert not is_colour(text)
