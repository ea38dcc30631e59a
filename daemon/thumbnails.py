"""Whether an address gave a thumbnail where a photo was meant: its words and numbers against the true size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from engine.types import Size

_SMALL = 800  # pixels of the long side; what is larger is worth cutting out whatever its address says
_ROUNDED = 0.9  # resizing rounds, and "1080p" is not always exact
_WORD = re.compile(r"(?<![a-z])(thumb(nail)?s?|preview)(?![a-z])", re.IGNORECASE)
_IN_PATH = (
    re.compile(r"(?<!\d)(\d{2,5})x(\d{2,5})(?!\d)"),  # photo-300x200.jpg, as WordPress has it
    re.compile(r"(?<!\d)(\d{2,5})px(?![a-z])"),  # /300px-photo.jpg, MediaWiki
    re.compile(r"=w(\d{2,5})-h(\d{2,5})"),  # Google's photos
    re.compile(r"=[swh](\d{2,5})(?!\d)"),
    re.compile(r"(?<![a-z0-9])[wh]_(\d{2,5})(?![a-z0-9])"),  # /w_300,h_200/photo.jpg, Cloudinary
)
_IN_QUERY = re.compile(r"(max_?|m|im)?(w|h|width|height)|s|sz|size|resize|fit", re.IGNORECASE)
_SIDES = re.compile(r"(\d{2,5})(?:[x,](\d{2,5}))?", re.IGNORECASE)  # resize=300,200 as WordPress.com has it


def thumbnail_warning(addresses: Sequence[str], size: Size) -> str | None:
    """A sentence where the picture that an address gave is a thumbnail by what its address says, else None.

    addresses: the one that was asked for, and those it was redirected to, which often say nothing of sizes any more.
    It is one where an address promises a longer side than the picture has, or where a small picture's address asks
    for a small one. Long sides are compared, since "300x300" often is the frame that a picture was fitted into.
    """
    promises = {words: pixels for address in addresses for words, pixels in _promises(address)}
    has = f"has {size.width} x {size.height} pixels"
    for words, pixels in promises.items():
        if max(size) < _ROUNDED * pixels:
            return (
                f"The picture {has}, and its address promises more ('{words}'): a thumbnail where the photo was meant?"
            )
    asked = next(iter(promises), None) or next(filter(None, map(_word, addresses)), None)
    if asked and max(size) <= _SMALL:
        return (
            f"The picture only {has}, and its address asks for that ('{asked}'): a thumbnail where the photo was meant?"
        )
    return None


def _promises(address: str) -> Iterator[tuple[str, int]]:
    """The sizes in an address: the words there and the longest side they mean, in pixels."""
    parts = urlsplit(address)
    for pattern in _IN_PATH:
        for match in pattern.finditer(parts.path):
            yield match[0], max(map(int, match.groups()))
    for key, value in parse_qsl(parts.query):
        if _IN_QUERY.fullmatch(key) and (sides := _SIDES.fullmatch(value)):
            yield f"{key}={value}", max(int(each) for each in sides.groups() if each)


def _word(address: str) -> str | None:
    match = _WORD.search(urlsplit(address).path)
    return match[0] if match else None
