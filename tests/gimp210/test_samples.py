"""Masks and layers put together from bytes, against the same in numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.gimp210.python2 import Python2, Record

Bytes = npt.NDArray[np.uint8]
COUNT = st.integers(1, 40)
TYPES = {"u8": "<u1", "u16": "<u2", "float": "<f4"}


def values(count: int, channels: int) -> st.SearchStrategy[Bytes]:
    """With many 0 and 255 among them, as mattes and selections have."""
    some = st.sampled_from([0, 255]) | st.integers(0, 255)
    return arrays.arrays(np.uint8, (count, channels), elements=some)


def written(numbers: npt.NDArray[np.number], kind: str) -> npt.NDArray[np.number]:
    """8-bit values in another depth; those of a float are 0 to 1."""
    if kind == "float":
        return np.asarray(numbers / np.float32(255), "<f4")
    return np.asarray(numbers.astype(int) * {"u8": 1, "u16": 257}[kind], TYPES[kind])


def tables(kind: str) -> list[bytes]:
    samples = written(np.arange(256), kind).tobytes()
    return [samples[place :: len(samples) // 256] for place in range(len(samples) // 256)]


def depth(kind: str) -> Record:
    """Where dark colours are written brighter than alpha, so that no one is taken for the other."""
    colour = written(np.maximum(np.arange(256), 7), kind).tobytes()
    size = len(colour) // 256
    return Record("samples.Depth", ([colour[place::size] for place in range(size)], tables(kind)))


def between(outside: Bytes, inside: Bytes, chosen: Bytes) -> npt.NDArray[np.int64]:
    low, high, part = (each.astype(int) for each in (outside, inside, chosen))
    return np.asarray((low * (255 - part) + high * part + 127) // 255, np.int64)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("channels", [2, 4])
def test_the_depth_is_read_from_a_ramp(kind: str, channels: int, python2: Python2) -> None:
    ramp = np.full((2, 256, channels), 255)
    ramp[0, :, :-1] = ramp[1, :, -1:] = np.arange(256)[:, None]
    found = python2("samples.depth_of", written(ramp, kind).tobytes(), channels).result
    assert found == [tables(kind), tables(kind)]


@settings(max_examples=20)
@given(data=st.data(), count=COUNT, kind=st.sampled_from([*TYPES]))
def test_a_mask_is_the_matte_in_its_depth(data: st.DataObject, count: int, kind: str, python2: Python2) -> None:
    matte = data.draw(values(count, 1))
    made = python2("samples.mask_samples", matte.tobytes(), tables(kind)).result
    assert made == written(matte, kind).tobytes()


@settings(max_examples=40)
@given(data=st.data(), count=COUNT, kind=st.sampled_from([*TYPES]))
def test_a_selection_limits_what_is_changed(data: st.DataObject, count: int, kind: str, python2: Python2) -> None:
    """Outside of it the mask keeps its bytes, of which 8 bits may know less."""
    matte, old, chosen = (data.draw(values(count, 1)) for _ in range(3))
    finer = written(old, kind)
    if kind == "u16":
        finer = np.asarray(np.maximum(finer, 1) - 1, finer.dtype)
    outside = [chosen.tobytes(), finer.tobytes(), old.tobytes()]
    made = python2("samples.mask_samples", matte.tobytes(), tables(kind), outside).result
    wanted = np.where(chosen == 0, finer, written(between(old, matte, chosen), kind))
    assert made == np.asarray(wanted, TYPES[kind]).tobytes()


@settings(max_examples=40)
@given(data=st.data(), count=COUNT)
def test_somebody_is_found_where_both_the_alpha_and_the_selection_are(
    data: st.DataObject, count: int, python2: Python2
) -> None:
    alpha, chosen = (data.draw(values(count, 1)) * data.draw(values(count, 1)) for _ in range(2))
    asked = python2("samples.holds_any", alpha.tobytes(), chosen.tobytes())
    assert asked.result == bool(((alpha > 0) & (chosen > 0)).any())
    assert python2("samples.holds_any", alpha.tobytes(), None).result == bool(alpha.any())


@settings(max_examples=60)
@given(
    data=st.data(),
    count=COUNT,
    kind=st.sampled_from([*TYPES]),
    colours=st.sampled_from([1, 3]),
    alpha=st.booleans(),
    selected=st.booleans(),
)
def test_a_cut_out_has_own_colours_where_it_is_opaque_and_the_engines_elsewhere(
    data: st.DataObject, count: int, kind: str, colours: int, alpha: bool, selected: bool, python2: Python2
) -> None:
    rgba, own = data.draw(values(count, 4)), data.draw(values(count, colours + alpha))
    chosen = data.draw(values(count, 1)) if selected else np.full((count, 1), 255, np.uint8)
    samples = written(own, kind)
    arguments = (rgba.tobytes(), samples.tobytes(), depth(kind), colours, False)
    made = python2("samples.layer_samples", *arguments, chosen.tobytes() if selected else None).result
    edge = written(np.maximum(rgba[:, :colours], 7), kind)
    wanted = np.empty((count, colours + 1), TYPES[kind])
    wanted[:, :colours] = np.where(rgba[:, 3:] == 255, samples[:, :colours], edge)
    wanted[:, colours:] = written(between(np.zeros_like(chosen), rgba[:, 3:], chosen), kind)
    assert made == wanted.tobytes()


@settings(max_examples=20)
@given(data=st.data(), count=COUNT, alpha=st.booleans())
def test_an_indexed_cut_out_keeps_its_numbers_and_has_hard_edges(
    data: st.DataObject, count: int, alpha: bool, python2: Python2
) -> None:
    rgba, own = data.draw(values(count, 4)), data.draw(values(count, 1 + alpha))
    made = python2("samples.layer_samples", rgba.tobytes(), own.tobytes(), depth("u8"), 1, True).result
    wanted = np.dstack([own[:, 0], np.where(rgba[:, 3] > 127, 255, 0)])
    assert made == wanted.astype(np.uint8).tobytes()
