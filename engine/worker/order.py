"""What the worker is asked to do with one picture, and what came of it; pixels go by descriptor, the rest as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from engine.types import Options


class Span(NamedTuple):
    """A part of the shared bytes."""

    start: int
    length: int


class RawSize(NamedTuple):
    """Of raw 8-bit pixels. channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA."""

    width: int
    height: int
    channels: int


class Part(NamedTuple):
    """One result in the shared bytes. kind: "report" or a word of settings.WANTS. size: width, height and channels of
    raw 8-bit pixels, else None."""

    kind: str
    media_type: str
    start: int
    length: int
    size: tuple[int, int, int] | None


@dataclass(frozen=True)
class Order:
    """One picture. name: what sentences call it. want, format, matte_bits: as in settings; the format may be "raw" too.

    background: of composites, a colour, or where its picture lies; None: what the config says. raw: None where the
    picture is an encoded file. urgent: a person waits. selection: of raw pixels, where a byte for each lies, or None.
    steps: what was given up for it already, sentences for the report.
    """

    name: str
    picture: Span
    raw: RawSize | None
    want: tuple[str, ...]
    format: str
    matte_bits: int
    background: str | Span | None
    options: Options
    urgent: bool
    selection: Span | None = None
    steps: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What from_json understands."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Order:
        """The order that to_json() wrote."""
        raw, background, selection = content["raw"], content["background"], content["selection"]
        return cls(
            **{
                **content,
                "picture": Span(*content["picture"]),
                "raw": None if raw is None else RawSize(*raw),
                "want": tuple(content["want"]),
                "background": Span(*background) if isinstance(background, list | tuple) else background,
                "options": Options(**{**content["options"], "at": tuple(map(tuple, content["options"]["at"]))}),
                "selection": None if selection is None else Span(*selection),
                "steps": tuple(content["steps"]),
            }
        )
