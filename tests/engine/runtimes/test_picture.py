"""BSHM's contract: one picture in, an alpha out, whichever of its outputs a file has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NetworkError
from engine.runtimes.picture import alpha_of, output_of, to_picture


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_planes_become_a_picture_of_the_same_pixels(width: int, height: int, seed: int) -> None:
    planes = np.random.default_rng(seed).integers(0, 256, (1, 3, height, width)).astype(np.float32)
    picture = to_picture(planes)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    assert picture.flags["C_CONTIGUOUS"]
    assert (picture.transpose(2, 0, 1)[None] == planes).all()


LEVELS = np.arange(256, dtype=np.uint8).reshape(8, 32)
RGBA = np.dstack([LEVELS * 0, LEVELS * 0, LEVELS * 0, LEVELS])


@pytest.mark.parametrize(
    "output",
    [RGBA, LEVELS.astype(np.float32), LEVELS.astype(np.float32)[..., None]],
    ids=["the picture with its alpha", "a mask", "a mask with an axis for its one channel"],
)
def test_every_form_of_output_is_the_same_alpha(output: npt.NDArray[np.generic]) -> None:
    alpha = alpha_of(output, "bshm")
    assert alpha.shape == (1, 1, 8, 32)
    assert alpha.dtype == np.float32
    assert (np.rint(alpha[0, 0] * 255) == LEVELS).all()
    assert (alpha.min(), alpha.max()) == (0, 1)


def test_a_mask_is_held_to_its_range() -> None:
    alpha = alpha_of(np.array([[-0.5, 255.4]], np.float32), "bshm")
    assert alpha[0, 0].tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (RGBA.astype(np.float32), "it is 8 x 32 x 4, float32"),
        (RGBA[..., :3], "it is 8 x 32 x 3, uint8"),
        (LEVELS, "it is 8 x 32, uint8"),
        (np.zeros((1, 8, 32, 4), np.uint8), "it is 1 x 8 x 32 x 4, uint8"),
    ],
)
def test_another_output_is_refused_with_its_shape(output: npt.NDArray[np.generic], words: str) -> None:
    with pytest.raises(NetworkError) as refused:
        alpha_of(output, "bshm")
    assert str(refused.value) == f"bshm: the network's output is no alpha: {words}."


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(NetworkError, match="some of its values are no numbers"):
        alpha_of(np.array([[0, np.nan]], np.float32), "bshm")


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["output_png:0"], "output_png:0"),
        (["output_png:0", "output_mask:0"], "output_mask:0"),
        (["output_mask", "output_png"], "output_mask"),
        (["alpha"], "alpha"),
    ],
)
def test_the_mask_is_read_where_there_is_one(names: list[str], wanted: str) -> None:
    assert output_of(names) == wanted
