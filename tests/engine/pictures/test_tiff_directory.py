"""Directories come back as they were written, in either byte order and size."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pictures.tiff_directory import (
    Entry,
    Layout,
    header_of,
    packed_directory,
    read_directory,
    with_first_directory,
)

layouts = st.builds(Layout, st.sampled_from("<>"), st.booleans())
entries = st.dictionaries(st.integers(0, 65535), st.binary(min_size=1, max_size=40), max_size=20)


def header(layout: Layout, start: int) -> bytes:
    mark = b"II" if layout.order == "<" else b"MM"
    if layout.big:
        return mark + struct.pack(f"{layout.order}HHHQ", 43, 8, 0, start)
    return mark + struct.pack(f"{layout.order}HI", 42, start)


@given(layouts, entries, st.integers(0, 9))
def test_what_is_packed_is_read(layout: Layout, values: dict[int, bytes], gap: int) -> None:
    written = {tag: Entry(tag, 7, len(value), value) for tag, value in values.items()}
    start = len(header(layout, 0)) + gap
    data = header(layout, start) + bytes(gap) + packed_directory(written, layout, start)
    assert header_of(data) == (layout, start)
    directory = read_directory(data, start, layout, lambda _: True, 10_000)
    assert dict(directory.entries) == written
    assert directory.sound
    assert directory.following == 0


@given(layouts, st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=9))
def test_whole_numbers(layout: Layout, numbers: list[int]) -> None:
    assert layout.whole_numbers(273, tuple(numbers)).numbers(layout.order) == tuple(numbers)


@given(layouts, entries)
def test_a_new_first_directory_is_found(layout: Layout, values: dict[int, bytes]) -> None:
    written = {tag: Entry(tag, 7, len(value), value) for tag, value in values.items()}
    data = with_first_directory(
        header(layout, 99) + b"pixels", layout, lambda at: packed_directory(written, layout, at)
    )
    _, start = header_of(data)
    assert b"pixels" in data[:start]
    assert dict(read_directory(data, start, layout, lambda _: True, 10_000).entries) == written


def test_entries_that_lead_nowhere_are_left_out_and_told() -> None:
    layout = Layout("<", big=False)
    data = (
        bytes(8) + struct.pack("<H", 2) + struct.pack("<HHII", 1, 7, 5, 9999) + struct.pack("<HHI4s", 2, 7, 4, b"good")
    )
    directory = read_directory(data + bytes(4), 8, layout, lambda _: True, 100)
    assert list(directory.entries) == [2]
    assert not directory.sound


@pytest.mark.parametrize("data", [b"", b"II", b"XX*\0\0\0\0\0", b"II\0\0\0\0\0\0", b"II*\0"])
def test_what_is_no_header_raises(data: bytes) -> None:
    with pytest.raises((ValueError, struct.error)):
        header_of(data)
