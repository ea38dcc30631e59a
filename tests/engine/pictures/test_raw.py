"""Raw samples in, raw samples out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.errors import NotAPictureError, TooLargeError
from engine.pictures.encode import encode
from engine.pictures.raw import MODES, from_raw
from engine.settings import Limits
from engine.types import CutOut, Matte, Picture, Pixels, Report, Size

LIMITS = Limits()
samples = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from(sorted(MODES))).flatmap(
    lambda shape: arrays(np.uint8, shape)
)


def picture(array: np.ndarray[Any, Any]) -> Picture:
    height, width, channels = array.shape
    return from_raw(array.tobytes(), width, height, channels, LIMITS)


@given(samples)
def test_samples_become_a_picture(array: np.ndarray[Any, Any]) -> None:
    read = picture(array)
    colours = array[..., : 1 if array.shape[2] < 3 else 3]
    assert np.array_equal(read.pixels, np.broadcast_to(colours, read.pixels.shape))
    if read.alpha is None:
        assert array.shape[2] in (1, 3)
    else:
        assert np.array_equal(read.alpha, array[..., -1])
    assert read.source.format == "RAW"
    assert read.source.mode == MODES[array.shape[2]]
    assert read.size == read.source.size == Size(array.shape[1], array.shape[0])


def test_its_arrays_are_read_only_and_hold_on_to_no_memory_of_the_sender() -> None:
    sent = bytearray(range(8))
    with memoryview(sent) as view:
        read = from_raw(view, 2, 1, 4, LIMITS)
    sent[:] = bytes(8)
    assert read.pixels.tolist() == [[[0, 1, 2], [4, 5, 6]]]
    assert read.alpha is not None
    assert not read.pixels.flags.writeable
    assert not read.alpha.flags.writeable


@pytest.mark.parametrize("length", [0, 1, 17, 19, 36])
def test_a_wrong_length_is_refused_with_the_right_one(length: int) -> None:
    with pytest.raises(NotAPictureError) as refused:
        from_raw(bytes(length), 3, 2, 3, LIMITS, "Layer 1")
    assert str(refused.value) == (
        f"Layer 1: {length} bytes of raw pixels came: 3 x 2 pixels of 3 channels are 18 bytes. "
        "Send the rows without padding, 8 bits a channel."
    )


@pytest.mark.parametrize(("width", "height", "channels"), [(0, 0, 3), (0, 5, 1), (-1, -1, 1), (1, 1, 0), (1, 1, 5)])
def test_sizes_that_no_picture_has_are_refused(width: int, height: int, channels: int) -> None:
    with pytest.raises(NotAPictureError):
        from_raw(b"", width, height, channels, LIMITS)


def test_a_size_past_the_limit_is_refused_before_its_bytes_are_looked_at() -> None:
    with pytest.raises(TooLargeError, match="100000000 x 100000000 pixels"):
        from_raw(b"abc", 10**8, 10**8, 3, LIMITS)


def test_bytes_past_the_limit_are_refused() -> None:
    with pytest.raises(TooLargeError, match=r"the file has 2\.0 MB"):
        from_raw(bytes(2_000_000), 1000, 500, 4, Limits(megabytes=1))


def cut(depth: type[np.uint8] | type[np.uint16]) -> CutOut:
    most = np.iinfo(depth).max
    pixels: Pixels = np.linspace(0, most, 2 * 3 * 3).astype(np.uint16).reshape(2, 3, 3)
    if depth == np.uint8:
        pixels = pixels.astype(np.uint8)
    matte: Matte = np.array([[0, 0.5, 1], [1, 0.25, 0]], np.float32)
    source = picture(np.zeros((2, 3, 3), np.uint8)).source
    report = Report(3, 2, (), "the CPU", {})
    return CutOut(Picture(pixels, None, None, None, source), matte, pixels, report)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize(("want", "channels"), [("matte", 1), ("composite", 3), ("cutout", 4)])
def test_a_raw_result_is_its_samples_in_8_bits(
    want: str, channels: int, depth: type[np.uint8] | type[np.uint16]
) -> None:
    result = np.frombuffer(encode(cut(depth), want, "raw", bits=16), np.uint8).reshape(2, 3, channels)
    if want != "composite":
        assert result[..., -1].tolist() == [[0, 128, 255], [255, 64, 0]]
    if want != "matte":
        assert result[0, 2, :3].tolist() == np.linspace(0, 255, 18).astype(np.uint8)[6:9].tolist()
