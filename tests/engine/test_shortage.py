"""Memory that runs out anywhere is a sentence, and the next picture is as if nothing had been: by real limits."""

from __future__ import annotations

from itertools import groupby

import cv2
import numpy as np
import pytest

from engine.errors import MemoryShortError, NotAPictureError
from engine.shortage import is_shortage, room_for, shortage_told
from tests.engine.short_of_memory import FEW_ROOMS, Line, lines_of

REMEDY = "Close other programs, or raise memory.megabytes in the config."


def by_name(lines: list[Line]) -> dict[str, list[Line]]:
    return {name: list(group) for name, group in groupby(lines, lambda line: line["name"])}


def test_a_picture_is_cut_out_in_steps_or_not_at_all_and_the_next_one_as_ever() -> None:
    first, *limited, after = lines_of("pictures")
    assert (first["steps"], first["off"]) == ([], 0)
    assert any(line["steps"] for line in limited)
    errors = [line["error"] for line in limited if "error" in line]
    assert f"there is not enough memory for a picture of 2450 x 2450 pixels. {REMEDY}" in errors
    assert all("there is not enough memory for " in each and each.endswith(REMEDY) for each in errors)
    assert (after["steps"], after["off"]) == ([], 0)


def test_decoders_do_not_call_a_sound_file_damaged() -> None:
    """libjpeg, libwebp, libheif and dav1d do so themselves."""
    told = by_name(lines_of("decoders"))
    assert len(told) == 10
    for lines in told.values():
        assert len(lines) == len(FEW_ROOMS) + 1
        assert lines[-2]["error"] == f"picture: there is not enough memory to decode it. {REMEDY}"
        assert lines[0]["off"] == lines[-1]["off"] == 0


def test_encoders_write_all_or_nothing() -> None:
    """OpenCV gives the first half of a PNG, or ends the process."""
    told = by_name(lines_of("encoders"))
    assert len(told) == 5
    for name, lines in told.items():
        assert len(lines) == len(FEW_ROOMS) + 1
        want = name.split()[0]
        assert lines[-2]["error"] == f"there is not enough memory to write the {want} of 2000 x 1500 pixels. {REMEDY}"
        assert {line["off"] for line in lines if "off" in line} == {0}


def test_what_libraries_say() -> None:
    with pytest.raises(cv2.error) as of_opencv:
        cv2.resize(np.zeros((1, 1), np.uint8), (2**30, 2**30))
    assert is_shortage(of_opencv.value)
    with pytest.raises(MemoryError) as of_numpy:
        np.empty(2**60, np.uint8)
    assert is_shortage(of_numpy.value)
    with pytest.raises(cv2.error) as wrong:
        cv2.resize(np.zeros((0, 0), np.uint8), (1, 1))
    assert not is_shortage(wrong.value)
    assert not is_shortage(ValueError("memory"))


def test_other_errors_pass() -> None:
    for error in (NotAPictureError("x: empty"), ValueError()):
        with pytest.raises(type(error)), shortage_told("short"):
            raise error


def test_the_cause_is_kept_for_the_log() -> None:
    with pytest.raises(MemoryShortError) as told, shortage_told("no room for it"):
        np.empty(2**60, np.uint8)
    assert str(told.value) == f"no room for it. {REMEDY}"
    assert isinstance(told.value.__cause__, MemoryError)


def test_room_is_what_the_kernel_would_give() -> None:
    assert room_for(0)
    assert room_for(1 << 20)
    assert not room_for(1 << 60)
