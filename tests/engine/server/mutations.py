"""Inputs that go wrong: files with changed bytes, requests that are none. The same seed gives the same inputs."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

import numpy as np
from PIL import Image

from engine.pictures.png_chunks import SIGNATURE, chunk
from tests.engine.pictures import making

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 100_000, 65_500)


def changed(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A file with one to eight changes, most of them near its start, where the sizes stand."""
    made = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        random.choice(_CHANGES)(made, _place(made, random), random)
    if random.random() < 0.05:
        other = random.choice(others)
        made[_place(made, random) :] = other[random.randrange(len(other) + 1) :]
    return bytes(made)


def _place(data: bytearray, random: Random) -> int:
    top = len(data) if random.random() < 0.4 else min(len(data), 400)
    return random.randrange(max(1, top))


def _flip(data: bytearray, at: int, random: Random) -> None:
    if data:
        data[at] ^= 1 << random.randrange(8)


def _number(data: bytearray, at: int, random: Random) -> None:
    form = random.choice((">H", "<H", ">I", "<I"))
    mask = 0xFFFF if form.endswith("H") else 0xFFFFFFFF
    data[at : at + struct.calcsize(form)] = struct.pack(form, random.choice(_NUMBERS) & mask)


def _noise(data: bytearray, at: int, random: Random) -> None:
    length = random.randrange(1, 32)
    data[at : at + length] = random.randbytes(length)


def _insert(data: bytearray, at: int, random: Random) -> None:
    data[at:at] = random.randbytes(random.randrange(1, 64))


def _remove(data: bytearray, at: int, random: Random) -> None:
    del data[at : at + random.randrange(1, 64)]


def _repeat(data: bytearray, at: int, random: Random) -> None:
    data[at:at] = data[at : at + random.randrange(1, 256)]


def _cut(data: bytearray, at: int, random: Random) -> None:
    del data[at if random.random() < 0.3 else len(data) - random.randrange(len(data) + 1) // 4 :]


_CHANGES: tuple[Callable[[bytearray, int, Random], None], ...] = (
    _flip, _flip, _number, _number, _noise, _insert, _remove, _repeat, _cut,
)  # fmt: skip


def long_and_thin() -> Iterator[tuple[str, bytes]]:
    """100 000 pixels one way and one the other, in the formats that can say it."""
    for width, height in ((100_000, 1), (1, 100_000)):
        pixels = np.full((height, width, 3), 90, np.uint8)
        for kind in ("PNG", "TIFF", "BMP", "PPM"):
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, kind)
            yield f"{kind} of {width} x {height}", file.getvalue()


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that say, or hold, a lot."""
    zeros = zlib.compress(bytes(50_000_000), 9)
    dot = np.zeros((1, 1, 3), np.uint8)
    huge = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    yield "PNG of 3600 megapixels", SIGNATURE + chunk(b"IHDR", huge) + chunk(b"IDAT", zeros)
    wide = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 16, 6, 0, 0, 0)
    yield "PNG of the longest sides", SIGNATURE + chunk(b"IHDR", wide) + chunk(b"IDAT", zeros)
    for name in (b"iCCP", b"zTXt"):
        yield f"PNG with 50 MB in {name.decode()}", making.png(dot, 2, chunk(name, b"a\0\0" + zeros))
    yield "PNG with 50 MB behind its pixel", _stuffed_png(zeros)
    gif = io.BytesIO()
    frames = [Image.new("P", (500, 500), each % 255) for each in range(300)]
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:])
    yield "GIF of 300 frames", gif.getvalue()
    yield "GIF of 65535 x 65535", gif.getvalue()[:6] + b"\xff\xff\xff\xff" + gif.getvalue()[10:]
    yield "PPM of 99999 x 99999", b"P6\n99999 99999\n255\n" + bytes(1000)
    tall = struct.pack("<IIiiHHIIiiII", 54, 40, 50_000, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0)
    yield "BMP of 2^31 rows", b"BM" + struct.pack("<IHH", 954, 0, 0) + tall + bytes(900)
    yield "TIFF of 4 GB strips", _tiff_of(100_000, 100_000)


def _stuffed_png(zeros: bytes) -> bytes:
    """One pixel's row, and a stream that goes on behind it."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"".join(
        (
            SIGNATURE,
            chunk(b"IHDR", header),
            chunk(b"IDAT", zeros),
            chunk(b"IEND", b""),
        )
    )


def _tiff_of(width: int, height: int) -> bytes:
    """A directory alone: 8-bit RGB that is said to be this large, in one strip of 12 bytes."""
    entries = ((256, width), (257, height), (258, 8), (259, 1), (262, 2), (273, 8), (277, 3), (278, height), (279, 12))
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return b"II*\0" + struct.pack("<I", 20) + bytes(12) + directory + bytes(4)


def requests(random: Random, picture: bytes) -> Iterator[bytes]:
    """Without end: bytes that a broken or hostile program could send in place of a request."""
    while True:
        whole = random.choice(_REQUESTS)(random, picture)
        kind = random.random()
        if kind < 0.4:
            yield whole
        elif kind < 0.9:
            head, gap, body = whole.partition(b"\r\n\r\n")
            yield changed(head + gap, random, [whole]) + body
        elif kind < 0.97:
            yield changed(whole, random, [whole]) + random.choice(_REQUESTS)(random, picture)
        else:
            yield random.randbytes(random.randrange(1, 400))


def _head(line: str, headers: Mapping[str, object] | None = None, *more: str) -> bytes:
    lines = [line, *(f"{name}: {value}" for name, value in {"Host": "engine", **(headers or {})}.items()), *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _get(random: Random, _: bytes) -> bytes:
    path = random.choice(("/healthz", "/readyz", "/v1/status", "/v1/models", "/metrics", "/openapi.json", "/v1/jobs/x"))
    return _head(f"{random.choice(('GET', 'GET', 'HEAD', 'DELETE', 'OPTIONS', 'PUT', 'BREW'))} {path} HTTP/1.1")


def _strange(random: Random, _: bytes) -> bytes:
    return random.choice(
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
            b"GET /healthz\r\n\r\n",
            b"\r\n\r\n\r\nGET /healthz HTTP/1.1\r\nHost: engine\r\n\r\n",
            b"GET http://engine/healthz HTTP/1.1\r\nHost: other\r\n\r\n",
            b"GET /healthz HTTP/1.0\r\n\r\n",
            b"GET /healthz HTTP/9.9\r\nHost: engine\r\n\r\n",
            b"GET /healthz HTTP/1.1\nHost: engine\n\n",
            b"GET /healthz HTTP/1.1\r\n\r\n",
            b"DELETE /v1/jobs/%0a%1b%ff HTTP/1.1\r\nHost: engine\r\n\r\n",
            b"GET /v1/jobs/%2e%2e%2f%00%ff HTTP/1.1\r\nHost: engine\r\n\r\n",
            _head("GET /" + "a" * 40_000 + " HTTP/1.1"),
            _head("GET /healthz HTTP/1.1", {f"X-{each}": each for each in range(1000)}),
            _head("GET /healthz HTTP/1.1", {"X-Long": "a" * 100_000}),
            _head(
                "GET /healthz HTTP/1.1", {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": 13}
            ),
            _head("GET /healthz HTTP/1.1", {"Folded": "a\r\n b"}),
            _head("CONNECT engine:80 HTTP/1.1"),
            _head("GET /nowhere HTTP/1.1", {"Host": "["}),
            _head("GET /healthz/ HTTP/1.1"),
            _head("GET //healthz HTTP/1.1"),
            _head("GET /v1/jobs/a/b HTTP/1.1", {"Host": "engine:99999999"}),
            _head("OPTIONS * HTTP/1.1"),
        )
    )


def _cutout(random: Random, picture: bytes) -> bytes:
    query = random.choice(("", "?want=matte", "?want=matte&want=matte", "?job=%00", "?deadline=1e9", "?name=%ff", "?%"))
    length = random.choice(
        (len(picture), len(picture), len(picture) + 5, len(picture) - 5, -1, 10**20, "0x10", "+9", "9, 9")
    )
    kind = random.choice(("image/jpeg", "application/octet-stream", "text/html", "multipart/form-data", "\xff"))
    more = random.choice(((), (), ("Content-Length: 3",), ("Transfer-Encoding: chunked",), ("Expect: 100-continue",)))
    return _head(f"POST /v1/cutout{query} HTTP/1.1", {"Content-Length": length, "Content-Type": kind}, *more) + picture


def _chunked(random: Random, picture: bytes) -> bytes:
    size = random.choice((f"{len(picture):x}", "f" * 30, "-1", "0x5", "5;a=b", "", " 5"))
    coding = random.choice(("chunked", "chunked", "gzip, chunked", "chunked, chunked", "identity", "CHUNKED"))
    body = size.encode() + b"\r\n" + picture + b"\r\n0\r\n" + random.choice((b"", b"X-After: 1\r\n")) + b"\r\n"
    return _head("POST /v1/cutout HTTP/1.1", {"Transfer-Encoding": coding}) + body


def _raw(random: Random, _: bytes) -> bytes:
    width, height, channels = (random.choice((0, 1, 3, -1, 2**40, "1e3", "")) for _ in range(3))
    size = {"X-Width": width, "X-Height": height, "X-Channels": channels}
    if random.random() < 0.5:
        size["X-Selection"] = random.choice(("1", "1", 0, "yes"))
    return _head("POST /v1/cutout HTTP/1.1", {"Content-Length": 27, **size}) + bytes(27)


def _form(random: Random, picture: bytes) -> bytes:
    boundary = random.choice(("b", "b", '"b"', "", "b" * 200))
    part = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n' + picture + b"\r\n"
    body = part * random.choice((1, 1, 2, 20)) + random.choice((b"--b--\r\n", b"", b"--b--"))
    kind = f"multipart/form-data; boundary={boundary}"
    return _head("POST /v1/cutout HTTP/1.1", {"Content-Length": len(body), "Content-Type": kind}) + body


_REQUESTS: tuple[Callable[[Random, bytes], bytes], ...] = (_get, _strange, _cutout, _cutout, _chunked, _raw, _form)
