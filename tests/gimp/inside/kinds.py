"""The kinds of images there are. Plain data: the tests outside read it too."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 200, 176  # of the photo that most checks use

PRECISIONS = tuple(
    f"{depth}-{light}" for depth in ("u8", "u16", "u32", "half", "float") for light in ("linear", "non-linear")
)
EXPORTED = ("u8-non-linear", "u16-non-linear", "float-linear")  # an export takes half a second
EXACT = "u8-non-linear"  # eight bits of sRGB, as a photo has them


@dataclass(frozen=True)
class Kind:
    """base: "rgb", "grey" or "indexed". precision: one of PRECISIONS. profile: one of PROFILES; "": sRGB."""

    base: str
    alpha: bool = False
    precision: str = EXACT
    profile: str = ""

    @property
    def name(self) -> str:
        profile = f", {self.profile}" if self.profile else ""
        return f"{self.base}{' with alpha' if self.alpha else ''}, {self.precision}{profile}"


# GIMP's own profiles that are not sRGB; whose grey is not a square root or a power.
PROFILES = {"rgb": "Adobe RGB", "grey": "D50 grey, L*"}
PROFILED = (
    *(Kind(base, alpha, profile=profile) for base, profile in PROFILES.items() for alpha in (False, True)),
    *(Kind("rgb", True, each, PROFILES["rgb"]) for each in ("u16-non-linear", "float-linear", "u16-perceptual")),
)

KINDS = (
    *(Kind(base, alpha, precision) for base in ("rgb", "grey") for alpha in (False, True) for precision in PRECISIONS),
    Kind("indexed"),
    Kind("indexed", alpha=True),
    *PROFILED,
)

# Where the photo lies: the canvas's size, and the layer's offset.
PLACES = {
    "on a larger canvas": ((300, 250), (40, 30)),
    "partly off the canvas": ((120, 100), (-50, -40)),
    "wholly off the canvas": ((120, 100), (500, 500)),
    "before the canvas": ((120, 100), (-400, -300)),
}

# Images that every kind of result is made in; the layer's offset there, and what is selected: left, top, width, height.
OUTCOMES = (
    *(Kind(base, alpha) for base in ("rgb", "grey", "indexed") for alpha in (False, True)),
    Kind("rgb", precision="u16-non-linear"),
    Kind("rgb", alpha=True, precision="float-linear"),
    *PROFILED,
)
CANVAS = (300, 250)
OFFSET = (40, 30)
SELECTED = (70, 20, 90, 140)

# A photo of two: a person, and a blurred passer-by; where the passer-by is (left, top, width, height); a
# pixel of his.
TWO = (420, 240)
PASSER_BY = (320, 150, 40, 60)
ON_HIM = (340, 180)
NOBODY = (330, 10, 20, 20)  # where there is only the wall

# Twelve megapixels.
LARGE = (4000, 3000)

# A large picture, and where its small people are: left, top and side. Pixels that are marked: two on people, and two
# in its corners, beside which those two lie in one cell of a grid of twenty by twenty.
LARGE = (4000, 3000)
SMALL = ((1910, 1500, 190), (2100, 1500, 190))
MARKS = ((2020, 1612), (2180, 1612), (0, 0), (3999, 2999))
