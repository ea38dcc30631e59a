"""What a client asks for, as a query, headers and a body."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import floor

from engine.errors import UsageError

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True)
class Asked:
    """The parameters of a cut-out; what is empty or None is not said, and the engine's config decides.

    want: words of settings.WANTS. format: of settings.FORMATS, or "raw". matte_bits: 8 or 16. priority: "interactive"
    or "batch". at: points in the upright picture's pixels; the people on whom one of them lies are cut out.
    threshold: of crisp edges, above 0 and under 1. background: a colour. job: an ID of our own choice,
    [A-Za-z0-9._-]{1,64}. deadline: seconds for all of it, waiting too. name: what sentences call the picture.
    """

    want: tuple[str, ...] = ()
    format: str | None = None
    matte_bits: int | None = None
    priority: str | None = None
    network: str | None = None
    people: str | int | None = None
    at: tuple[tuple[float, float], ...] = ()
    quality: str | None = None
    edge: str | None = None
    threshold: float | None = None
    background: str | None = None
    job: str | None = None
    deadline: float | None = None
    name: str | None = None

    def query(self) -> dict[str, str]:
        """What was said, as the parameters of the address."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        said["at"] = ";".join(f"{floor(x)},{floor(y)}" for x, y in self.at)  # the pixels that they lie in
        words = {key: ",".join(value) if isinstance(value, tuple) else value for key, value in said.items()}
        return {key: str(value) for key, value in words.items() if value not in (None, "")}


@dataclass(frozen=True)
class Raw:
    """Pixels of 8 bits, row by row. channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. selection: a byte for each of
    them; the people on whom one of these is 128 or more are cut out."""

    width: int
    height: int
    channels: int
    pixels: Buffer
    selection: Buffer | None = None


@dataclass(frozen=True)
class Body:
    """What is sent: its headers, and its bytes in pieces, so that none of them has to be copied."""

    headers: Mapping[str, str]
    pieces: tuple[memoryview, ...] = ()


def body_of(picture: Buffer | Raw, background: Buffer | None) -> Body:
    """The body for a picture and, where it is given, the file of the picture behind composites. Raises UsageError."""
    if background is not None:
        if isinstance(picture, Raw):
            remedy = "Send the picture as a file (PNG)"
            raise UsageError("raw pixels cannot be sent together with a background's file", remedy=remedy)
        return _form({"picture": picture, "background": background})
    headers = {"Content-Type": "application/octet-stream"}
    if isinstance(picture, Raw):
        size = {"X-Width": picture.width, "X-Height": picture.height, "X-Channels": picture.channels}
        headers |= {key: str(value) for key, value in size.items()}
        if picture.selection is not None:
            return _body({**headers, "X-Selection": "1"}, [picture.pixels, picture.selection])
        picture = picture.pixels
    return _body(headers, [picture])


def _form(files: Mapping[str, Buffer]) -> Body:
    """multipart/form-data (RFC 7578). Nobody can know the boundary beforehand, so that no file holds it."""
    boundary = os.urandom(16).hex()
    pieces: list[Buffer] = []
    for name, data in files.items():
        head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        pieces += [head.encode("ascii"), data, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode("ascii"))
    return _body({"Content-Type": f"multipart/form-data; boundary={boundary}"}, pieces)


def _body(headers: Mapping[str, str], pieces: list[Buffer]) -> Body:
    views = tuple(memoryview(each).cast("B") for each in pieces)
    return Body({**headers, "Content-Length": str(sum(each.nbytes for each in views))}, views)
