from __future__ import annotations

import array

import pytest

from engine.client import Asked, Raw
from engine.client.asked import body_of
from engine.errors import UsageError


def test_only_what_is_said_is_asked() -> None:
    assert Asked().query() == {}
    asked = Asked(("cutout", "matte"), "webp", 16, "batch", people=2, threshold=0.25, name="我 & co.jpg")
    assert asked.query() == {
        "want": "cutout,matte",
        "format": "webp",
        "matte_bits": "16",
        "priority": "batch",
        "people": "2",
        "threshold": "0.25",
        "name": "我 & co.jpg",
    }


def test_points_are_asked_for_by_the_pixels_that_they_lie_in() -> None:
    assert Asked(at=((12, 7), (0.99, 1e-9), (399.9996, 1e5))).query() == {"at": "12,7;0,0;399,100000"}


def test_a_picture_is_sent_as_it_is() -> None:
    data = bytearray(b"picture")
    body = body_of(data, None)
    assert body.headers == {"Content-Type": "application/octet-stream", "Content-Length": "7"}
    assert body.pieces[0].obj is data, "without a copy"


def test_raw_pixels_have_their_size_beside_them() -> None:
    pixels = memoryview(array.array("B", range(24))).cast("B", (2, 4, 3))
    body = body_of(Raw(4, 2, 3, pixels), None)
    assert body.headers == {
        "Content-Type": "application/octet-stream",
        "X-Width": "4",
        "X-Height": "2",
        "X-Channels": "3",
        "Content-Length": "24",
    }
    assert b"".join(body.pieces) == bytes(range(24))


def test_a_selection_goes_after_its_pixels() -> None:
    body = body_of(Raw(4, 2, 3, bytes(range(24)), memoryview(b"\0\x80\xff\1" * 2)), None)
    assert body.headers["X-Selection"] == "1"
    assert body.headers["Content-Length"] == "32"
    assert b"".join(body.pieces) == bytes(range(24)) + b"\0\x80\xff\1" * 2


def test_two_files_are_a_form() -> None:
    body = body_of(b"one", b"two")
    content = b"".join(body.pieces)
    boundary = body.headers["Content-Type"].removeprefix("multipart/form-data; boundary=").encode()
    first, second = content.removesuffix(b"--" + boundary + b"--\r\n").split(b"--" + boundary + b"\r\n")[1:]
    assert b'name="picture"' in first
    assert first.endswith(b"\r\n\r\none\r\n")
    assert b'name="background"' in second
    assert second.endswith(b"\r\n\r\ntwo\r\n")
    assert int(body.headers["Content-Length"]) == len(content)


def test_raw_pixels_and_a_file_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="raw pixels cannot be sent together"):
        body_of(Raw(1, 1, 1, b"0"), b"two")
