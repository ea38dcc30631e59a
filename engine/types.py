"""What flows between the stages: frozen records and arrays with stated shapes, ranges and units.

Arrays that hold pictures are [height, width, channels] in RGB order; pixels are integers of the picture's own depth
(uint8 0..255 or uint16 0..65535); mattes are float32 [height, width], 0 outside a person, 1 inside.
numpy is named here and not loaded: the server and its clients read and send Options, and see no array.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Pixels: TypeAlias = "npt.NDArray[np.uint8] | npt.NDArray[np.uint16]"
Rgb8: TypeAlias = "npt.NDArray[np.uint8]"
Matte: TypeAlias = "npt.NDArray[np.float32]"
Point: TypeAlias = tuple[float, float]  # across and down, in a picture's pixels: 0,0 is its upper left corner


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int

    @property
    def area(self) -> int:
        """Pixels."""
        return self.width * self.height

    def scaled(self, factor: float) -> Size:
        """`factor` times as large, in whole pixels, at least one each way."""
        return Size(max(1, round(self.width * factor)), max(1, round(self.height * factor)))


class Box(NamedTuple):
    """A rectangle in a picture's pixels: left, top, and the first column and row past it."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Pixels, never below 0."""
        return max(0.0, self.x1 - self.x0)

    @property
    def height(self) -> float:
        """Pixels, never below 0."""
        return max(0.0, self.y1 - self.y0)

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    def shared_with(self, other: Box) -> float:
        """The area both cover, in square pixels."""
        return Box(max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1), min(self.y1, other.y1)).area

    def grown(self, part: float) -> Box:
        """Larger on every side by `part` of its own width and height."""
        across, down = part * self.width, part * self.height
        return Box(self.x0 - across, self.y0 - down, self.x1 + across, self.y1 + down)

    def within(self, frame: Size) -> Box:
        """What of it lies inside the frame."""
        return Box(
            min(max(self.x0, 0.0), frame.width),
            min(max(self.y0, 0.0), frame.height),
            min(max(self.x1, 0.0), frame.width),
            min(max(self.y1, 0.0), frame.height),
        )


class Crop(NamedTuple):
    """A rectangle of whole pixels inside the frame: what is cut from the picture and pasted back."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> Size:
        """Width and height."""
        return Size(self.right - self.left, self.bottom - self.top)

    @property
    def window(self) -> tuple[slice, slice]:
        """Index of the crop in an array [height, width, ...]."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True)
class Source:
    """What the file was, for the report and for writing results of the same kind.

    format: Pillow's name ("JPEG", "PNG", "HEIF", ...). mode: the file's own colours ("CMYK", "P", "RGB", "I;16", ...).
    bits: per channel, 8 or 16. frames: how many pictures it holds; 2 stands for
    several in GIF and TIFF. size: width and height as stored, before EXIF.
    """

    format: str
    mode: str
    bits: int
    frames: int
    size: Size


@dataclass(frozen=True)
class Picture:
    """A decoded input: upright, in its own bit depth and colour profile.

    pixels: [H, W, 3] RGB uint8 or uint16. alpha: [H, W] of the same type, or None where the file has none.
    icc: the profile that pixels are in, or None (sRGB is meant). exif: the EXIF block ready to be written again
    (no orientation, no thumbnail), without the "Exif\\0\\0" prefix, or None.
    notes: sentences for the report ("The GIF file holds several pictures: the first was used").
    """

    pixels: Pixels
    alpha: Pixels | None
    icc: bytes | None
    exif: bytes | None
    source: Source
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> Size:
        """Width and height, upright."""
        return Size(self.pixels.shape[1], self.pixels.shape[0])

    @property
    def rgb8(self) -> Rgb8:
        """[H, W, 3] uint8: what the networks see. Shares memory with `pixels` where those have 8 bits."""
        if self.pixels.dtype == "uint8":
            return self.pixels.astype("uint8", copy=False)
        return (self.pixels >> 8).astype("uint8")


@dataclass(frozen=True)
class Person:
    """One person found. box: in the picture's pixels, inside the frame. score: the detector's, 0..1."""

    box: Box
    score: float


@dataclass(frozen=True)
class Options:
    """What one request asks for. network: "auto" or a matting network's name. people: a word of settings.PEOPLE or a
    number. quality: a word of settings.QUALITIES. edge: a word of settings.EDGES; "crisp" is a hard matte of 0 and 1.
    threshold: of crisp edges, above 0 and under 1; None: 0.5, and 0.3 for small people. The picture's own alpha: 0.5.
    at: points in the upright picture; where there are some, the people on whom one lies are cut out, whoever they are.
    """

    network: str = "auto"
    people: str | int = "auto"
    quality: str = "balanced"
    edge: str = "soft"
    threshold: float | None = None
    at: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Report:
    """What was done with one picture, ready for JSON.

    milliseconds: per stage, in the order they ran. warnings: sentences, for the user. steps: what was given up where
    memory ran out (smaller batch, tiles, the CPU), sentences in their order.
    """

    width: int
    height: int
    people: tuple[dict[str, Any], ...]
    device: str
    milliseconds: dict[str, float]
    warnings: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    source: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CutOut:
    """The result of one picture.

    matte: float32 [H, W] 0..1, the picture's own alpha multiplied in. foreground: [H, W, 3] RGB in the picture's
    depth, the picture's own pixels where the matte is 1, freed of the background where it is soft, 0 where it is 0.
    """

    picture: Picture
    matte: Matte
    foreground: Pixels
    report: Report
