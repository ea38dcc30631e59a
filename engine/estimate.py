"""How much memory a picture will take, known before it is decoded; by what was measured (tests/bench/memory.py).

The networks' runs take theirs one after the other, whoever they are for, so what the largest takes is set aside once;
the arrays of each picture come on top. Where less is left for a run, it is done in steps (engine.ladder).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import ceil

from engine.mattes import UPSCALED_AREA
from engine.models.catalogue import Network
from engine.pictures.formats import written_format
from engine.pictures.stated import Stated
from engine.routes import TABLE

_MB = 1_000_000

# Bytes a pixel by the bits of a channel, the most of pictures of people and of noise. _DECODING: all that decoding
# takes. _CUTTING, and what does not grow with the picture, _FIXED: beside the picture and the cut-out. _ENCODING: one
# result, beside them too, a background picture's covering of the frame among it.
_DECODING: Mapping[int, float] = {8: 21, 16: 26}
_CUTTING: Mapping[int, float] = {8: 7, 16: 10}
_ALPHA = 3.0
_MARKS = 3.0  # where people are marked: the marks, a byte, and whose each of them is, two
_FIXED = 60 * _MB
_ENCODING: Mapping[tuple[str, str], Mapping[int, float]] = {
    ("cutout", "png"): {8: 22, 16: 43},
    ("cutout", "webp"): {8: 30, 16: 40},
    ("cutout", "tiff"): {8: 14, 16: 27},
    ("cutout", "raw"): {8: 10, 16: 19},
    ("matte", "png"): {8: 10, 16: 10},
    ("matte", "tiff"): {8: 7, 16: 7},
    ("matte", "raw"): {8: 6, 16: 6},
    ("composite", "png"): {8: 16, 16: 31},
    ("composite", "webp"): {8: 32, 16: 36},
    ("composite", "tiff"): {8: 13, 16: 19},
    ("composite", "jpeg"): {8: 13, 16: 19},
    ("composite", "raw"): {8: 13, 16: 19},
}
_MATTE = 4  # float32


def picture_bytes(
    picture: Stated,
    file: int,
    want: Collection[str],
    chosen: str,
    background: Stated | None = None,
    *,
    marked: bool = False,
) -> int:
    """The most that one picture takes at a time, from its file's bytes (so many: `file`) to its results.

    want: of settings.WANTS. chosen: of settings.FORMATS, or "raw". background: of composites, where it is a picture.
    marked: by points or by a selection, which then is a part of the file's bytes.
    """
    area, bits = picture.size.area, picture.bits
    decoded = area * _decoded(picture)
    kept = decoded + area * (bits // 8 * 3 + _MATTE)
    behind = background.size.area * _decoded(background) if background else 0
    decoding = area * _DECODING[bits]
    decoding_behind = decoded + (background.size.area * _DECODING[background.bits] if background else 0)
    cutting = kept + behind + area * (_CUTTING[bits] + _ALPHA * picture.alpha + _MARKS * marked) + _FIXED
    encoding = kept + behind + area * max(_ENCODING[each, written_format(each, chosen)][bits] for each in want)
    return file + ceil(max(decoding, decoding_behind, cutting, encoding))


def _decoded(picture: Stated) -> int:
    """Bytes a pixel."""
    return picture.bits // 8 * (3 + picture.alpha)


def run_bytes(network: Network, area: int) -> int:
    """What a run takes beside the loaded network, for one picture of `area` pixels."""
    for side, megabytes in network.memory:
        if area <= side**2:
            return megabytes * _MB
    side, megabytes = network.memory[-1]
    return ceil(megabytes * _MB * area / side**2)


def largest_run(networks: Iterable[Network]) -> int:
    """The most that one run of these networks takes, on the largest crop that the routes let them see."""
    return max(run_bytes(each, each.batch * _most_pixels(each)) for each in networks)


def _most_pixels(network: Network) -> int:
    if network.task == "people":
        return network.side**2
    if network.task == "upscale":
        return UPSCALED_AREA
    passes = (one for row in TABLE for one in (*row.alone, *row.together, *row.instead, *row.official))
    return ceil(_ROUNDED * max(one.side for one in passes if one.network == network.name) ** 2)


_ROUNDED = 1.2  # sides are rounded to multiples


def room_for_pictures(budget: int, taken: int, networks: Iterable[Network]) -> int:
    """What is left of the budget for pictures under way, by a process that has taken so many bytes for the networks.

    At most half of the rest is set aside for runs: they can do with less, at a price (engine.ladder).
    """
    rest = max(0, budget - taken)
    return rest - min(largest_run(networks), rest // 2)
