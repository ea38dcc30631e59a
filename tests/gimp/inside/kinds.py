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
    """base: "rgb", "grey" or "indexed". precision: one of PRECISIONS."""

    base: str
    alpha: bool = False
    precision: str = EXACT

    @property
    def name(self) -> str:
        return f"{self.base}{' with alpha' if self.alpha else ''}, {self.precision}"


KINDS = (
    *(Kind(base, alpha, precision) for base in ("rgb", "grey") for alpha in (False, True) for precision in PRECISIONS),
    Kind("indexed"),
    Kind("indexed", alpha=True),
)
