"""What is refused, and in which words: limits and damage. Loads no decoder: files are looked at before one is used."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import BshmError, NotAPictureError, PictureError, TooLargeError
from engine.settings import Limits
from engine.types import Point, Size

TRUST = "Raise limits.{} in the config if you trust the file"


def check_bytes(count: int, limits: Limits, name: str) -> None:
    """Refuses an empty file and one past limits.megabytes (of 1 000 000 bytes)."""
    if not count:
        raise NotAPictureError(f"{name}: the file is empty", remedy="Copy or download it again")
    if count > limits.megabytes * 1e6:
        raise TooLargeError(
            f"{name}: the file has {count / 1e6:.1f} MB",
            f"the limit is {limits.megabytes:g}",
            TRUST.format("megabytes"),
        )


def check_size(size: Size, limits: Limits, name: str) -> None:
    """Refuses, by the size that a file's header states, a picture without pixels and one past limits.megapixels."""
    if size.width < 1 or size.height < 1:
        raise damaged(name, f"its size is said to be {size.width} x {size.height}")
    if size.area > limits.megapixels * 1e6:
        raise TooLargeError(
            f"{name}: the picture has {size.width} x {size.height} pixels",
            f"that is {size.area / 1e6:g} megapixels, and the limit is {limits.megapixels:g}",
            TRUST.format("megapixels"),
        )


def check_points(points: Iterable[Point], size: Size, name: str, error: type[BshmError] = PictureError) -> None:
    """Refuses points that lie outside of a picture of this size. error: what is raised."""
    for x, y in points:
        if not (0 <= x < size.width and 0 <= y < size.height):
            raise error(
                f"{name}: the point {x:.12g},{y:.12g} lies outside of the picture",
                f"it has {size.width} x {size.height} pixels",
                "Count from its upper left corner, as it is shown",
            )


def truncated(name: str) -> NotAPictureError:
    """The error for a file whose end is missing."""
    return NotAPictureError(
        f"{name}: the picture is truncated", "the end of the file is missing", "Copy or download it again"
    )


def damaged(name: str, why: str) -> NotAPictureError:
    """The error for a file of a known kind whose bytes make no picture."""
    return NotAPictureError(f"{name}: the picture is damaged", why, "Copy, download or export it again")


def unreadable(name: str, what: str) -> NotAPictureError:
    """The error for a sound picture of a sort that is not read."""
    return NotAPictureError(
        f"{name}: {what} cannot be read", remedy="Save it as RGB with 8 or 16 bits a channel, as PNG, TIFF or JPEG"
    )
