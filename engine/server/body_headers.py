"""What the headers of a request say of its body: checked before a byte of it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers

from engine.errors import RequestError
from engine.pictures.refusals import check_bytes, check_size
from engine.settings import Limits
from engine.types import Size
from engine.worker.order import RawSize

_RAW = "application/octet-stream"
_FORM = "multipart/form-data"
# curl's --data-binary says application/x-www-form-urlencoded of whatever it sends.
_FILES = re.compile(r"|image/.+|application/octet-stream|application/x-www-form-urlencoded")
_RAW_HEADERS = {"X-Width": r"[1-9][0-9]{0,8}", "X-Height": r"[1-9][0-9]{0,8}", "X-Channels": "[1-4]"}
_SELECTION = "X-Selection"
_RAW_RULE = "X-Width, X-Height and X-Channels (1 to 4) are whole numbers and go together"
_BOUNDARY = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]{0,68}[\x21-\x7e])?")  # as long as RFC 2046, 5.1.1, allows


@dataclass(frozen=True)
class BodyHeaders:
    """length: bytes, or None where the client does not say. boundary: of a form, or None. raw: the size of raw pixels,
    or None. selection: whether after them comes what of them is selected, a byte a pixel."""

    length: int | None
    boundary: bytes | None
    raw: RawSize | None
    selection: bool = False

    @property
    def pixel_bytes(self) -> int:
        """How many bytes raw pixels take; 0 for other bodies."""
        return self.raw.width * self.raw.height * self.raw.channels if self.raw else 0

    @property
    def raw_bytes(self) -> int:
        """How many raw pixels and their selection take; 0 for other bodies."""
        return self.pixel_bytes + (self.raw.width * self.raw.height if self.raw and self.selection else 0)


def says_selection(headers: Headers) -> bool:
    """Whether a request says that a selection comes with its pixels, so that whom to cut out is said."""
    return _SELECTION in headers


def read_body_headers(headers: Headers, limits: Limits, name: str) -> BodyHeaders:
    """What comes, as far as the headers tell. name: what sentences call the picture.

    Raises RequestError (400; 415 for kinds of bodies that are not read), TooLargeError and NotAPictureError.
    """
    encoding = _only(headers, "Content-Encoding") or "identity"
    if encoding.lower() != "identity":
        remedy = "Send the picture as it is: picture files are compressed in themselves"
        raise RequestError(f"{name}: Content-Encoding {encoding!r:.40} is not read", remedy=remedy, status=415)
    said = _only(headers, "Content-Type")
    kind, options = parse_options_header(said)
    media_type = kind.decode("latin-1")
    if media_type != _FORM and not _FILES.fullmatch(media_type):
        remedy = f"Send a picture's file as image/* or {_RAW}, or a form as {_FORM}"
        raise RequestError(f"{name}: Content-Type {said!r:.60} is not read", remedy=remedy, status=415)
    boundary = options.get(b"boundary", b"") if media_type == _FORM else None
    if boundary is not None and not _BOUNDARY.fullmatch(boundary):
        raise RequestError(f"{name}: the form has no boundary", f"its Content-Type is {said!r:.60}")
    raw = _raw_size(headers, media_type, limits, name)
    length = _only(headers, "Content-Length")
    selection = _selection(headers, raw, name)
    found = BodyHeaders(None if length is None else _count(length), boundary, raw, selection)
    if found.length is not None:
        check_bytes(found.length, limits, name)
        if raw and found.length != found.raw_bytes:
            raise wrong_length(found, str(found.length), name)
    return found


def wrong_length(said: BodyHeaders, came: str, name: str) -> RequestError:
    """The error for raw pixels of another length than their size says. came: how many bytes, in words."""
    size = "{} x {} pixels with {} channels".format(*(said.raw or ()))
    what, remedy = f"{size} are {said.raw_bytes}", "Send 8 bits a channel, row by row, without padding"
    if said.selection:
        what = f"{size} and their selection are {said.pixel_bytes} and {said.raw_bytes - said.pixel_bytes}"
        remedy += ", and after them the selection, a byte a pixel"
    return RequestError(f"{name}: the raw pixels have the wrong length", f"{came} bytes came, and {what}", remedy)


def _selection(headers: Headers, raw: RawSize | None, name: str) -> bool:
    value = _only(headers, _SELECTION)
    if value is None:
        return False
    if value != "1":
        raise RequestError(f"{name}: {_SELECTION} cannot be {value!r:.40}", "it is 1, or left out")
    if raw is None:
        raise RequestError(f"{name}: {_SELECTION} belongs to raw pixels", _RAW_RULE)
    return True


def _raw_size(headers: Headers, media_type: str, limits: Limits, name: str) -> RawSize | None:
    said = {each: _only(headers, each) for each in _RAW_HEADERS}
    if not any(each is not None for each in said.values()):
        return None
    if media_type != _RAW:
        raise RequestError(f"{name}: X-Width, X-Height and X-Channels belong to raw pixels", f"their type is {_RAW}")
    numbers = []
    for each, value in said.items():
        if value is None or not re.fullmatch(_RAW_HEADERS[each], value):
            fault = "is missing" if value is None else f"cannot be {value!r:.40}"
            raise RequestError(f"{name}: {each} {fault}", _RAW_RULE)
        numbers.append(int(value))
    raw = RawSize(*numbers)
    check_size(Size(raw.width, raw.height), limits, name)
    return raw


def _only(headers: Headers, title: str) -> str | None:
    """A header's value; None where it is missing. Raises RequestError where it stands there twice."""
    found = headers.getlist(title)
    if len(found) > 1:
        raise RequestError(f"{title} stands there twice")
    return found[0] if found else None


def _count(length: str) -> int:
    if not re.fullmatch(r"[0-9]{1,20}", length):
        raise RequestError(f"Content-Length cannot be {length!r:.40}", "it is a number of bytes")
    return int(length)
