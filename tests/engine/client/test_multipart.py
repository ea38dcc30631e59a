"""The parts of an answer: every byte arrives, and what is no such answer is refused with a reason."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.client.multipart import Part, boundary_of, read_parts
from tests.engine.client.listening import parts

NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)
# Bytes in which lines and boundaries begin more often than chance has it.
DATA = st.lists(st.sampled_from([b"--edge", b"\r\n", b"--", b"\0"]) | st.binary(max_size=40)).map(b"".join)
PARTS = st.lists(st.tuples(NAMES, st.sampled_from(["image/png", "application/json"]), DATA), max_size=5)


def read(body: bytes, most: int | None = None) -> list[Part]:
    return list(read_parts(io.BytesIO(body), b"edge", most))


@given(PARTS)
def test_every_part_arrives_whatever_its_bytes_are(given_parts: list[tuple[str, str, bytes]]) -> None:
    body = parts(b"edge", *given_parts)
    assert [(name, bytes(data)) for name, data in read(body, len(body))] == [
        (name, data) for name, _, data in given_parts
    ]


@given(PARTS, st.data())
def test_an_answer_that_breaks_off_is_never_taken_for_a_whole_one(
    given_parts: list[tuple[str, str, bytes]], data: st.DataObject
) -> None:
    body = parts(b"edge", *given_parts)
    end = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(ValueError, match=r"breaks off"):
        read(body[:end])


@given(st.binary(max_size=300) | PARTS.map(lambda each: parts(b"edge", *each)), st.data())
def test_damaged_bytes_are_refused_or_read_and_nothing_else(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body)))
    damaged = body[:at] + data.draw(st.binary(max_size=3)) + body[at + data.draw(st.integers(0, 3)) :]
    with suppress(ValueError):
        assert sum(each.data.nbytes for each in read(damaged, len(damaged))) <= len(damaged)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>\r\n", "does not begin"),
        (b"--other\r\n", "does not begin"),
        (b"--edge\r\n\r\n", "name and length"),
        (b'--edge\r\nContent-Disposition: x; name="a"\r\n\r\n', "name and length"),
        (b'--edge\r\nContent-Length: -1\r\nContent-Disposition: x; name="a"\r\n\r\n', "name and length"),
        (b'--edge\r\nContent-Length: 9999\r\nContent-Disposition: x; name="a"\r\n\r\n', "longer than the answer"),
        (b'--edge\r\nContent-Length: 1\r\nContent-Disposition: x; name="a"\r\n\r\nabcd\r\n', "longer than it says"),
        (b"--edge\r\nno header\r\n\r\n", "no headers"),
        (b"--edge\r\n" + b"".join(b"a%d: b\r\n" % number for number in range(30)), "no headers"),
        (b"--edge\r\na: " + b"b" * 9000, "no end"),
    ],
)
def test_what_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(body, 2000)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/mixed; boundary=edge", b"edge"),
        ('multipart/mixed; charset=utf-8; Boundary="a b"', b"a b"),
        ("multipart/mixed;boundary=a;x=y", b"a"),
    ],
)
def test_the_boundary(content_type: str, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary


def test_an_answer_without_a_boundary() -> None:
    with pytest.raises(ValueError, match="no boundary"):
        boundary_of("multipart/mixed")


def test_a_part_can_be_read_but_not_changed() -> None:
    (part,) = read(parts(b"edge", ("matte", "image/png", b"abc")))
    assert part.data.readonly
