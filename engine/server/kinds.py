"""What the text of a query parameter can be, each kind twice: as JSON Schema, and as the function that reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from engine.models.choice import matting, named
from engine.settings import CHECKS, PEOPLE, WANTS
from engine.types import Point

_MOST_PEOPLE = 100_000
_MOST_POINTS = 500
_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"  # https://www.rfc-editor.org/rfc/rfc8259#section-6
_POINT = "{0},{0}".format(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,20})?")


class Kind(NamedTuple):
    """What a parameter's text can be. schema: JSON Schema. read: its value; raises ValueError where it is not `wanted`,
    a phrase that stands after "it is"."""

    schema: Mapping[str, Any]
    read: Callable[[str], Any]
    wanted: str


def checked(check: Callable[[str], object]) -> Callable[[str], str]:
    """The text itself, where the check holds."""

    def read(text: str) -> str:
        if not check(text):
            raise ValueError
        return text

    return read


def word(*words: str) -> Kind:
    """One of these words."""
    return Kind({"type": "string", "enum": [*words]}, checked(words.__contains__), f"one of {', '.join(words)}")


def results() -> Kind:
    """One or several words of settings.WANTS, with commas."""
    check, wanted = CHECKS["want"]

    def read(text: str) -> tuple[str, ...]:
        value = tuple(text.split(","))
        if not check(value):
            raise ValueError
        return value

    items = {"type": "string", "enum": [*WANTS]}
    return Kind({"type": "array", "items": items, "minItems": 1, "uniqueItems": True}, read, f"{wanted}, with commas")


def whole(*numbers: int) -> Kind:
    """One of these numbers."""
    by_text = {str(each): each for each in numbers}
    read = checked(by_text.__contains__)
    return Kind({"type": "integer", "enum": [*numbers]}, lambda text: by_text[read(text)], " or ".join(by_text))


def network(licences: str) -> Kind:
    """A matting network that the licence setting allows, or auto. Reading raises UsageError for any other name."""

    def read(text: str) -> str:
        matting(text, licences)
        return text

    names = ("auto", *(each.name for each in named(licences)))
    return Kind({"type": "string", "enum": [*names]}, read, f"one of {', '.join(names)}")


def people() -> Kind:
    """A word of settings.PEOPLE, or a number of people."""

    def read(text: str) -> str | int:
        if text in PEOPLE:
            return text
        if not re.fullmatch("[1-9][0-9]{0,5}", text) or int(text) > _MOST_PEOPLE:
            raise ValueError
        return int(text)

    number = {"type": "integer", "minimum": 1, "maximum": _MOST_PEOPLE}
    schema = {"anyOf": [{"type": "string", "enum": [*PEOPLE]}, number]}
    return Kind(schema, read, f"one of {', '.join(PEOPLE)}, or a number from 1 to {_MOST_PEOPLE}")


def points() -> Kind:
    """Points in a picture's pixels: x,y;x,y."""
    pattern = f"{_POINT}(;{_POINT}){{0,{_MOST_POINTS - 1}}}"
    whole_text = checked(re.compile(pattern).fullmatch)

    def read(text: str) -> tuple[Point, ...]:
        pairs = (each.split(",") for each in whole_text(text).split(";"))
        return tuple((float(x), float(y)) for x, y in pairs)

    wanted = f"1 to {_MOST_POINTS} points x,y with a ; between, in pixels, none below 0"
    return Kind({"type": "string", "pattern": f"^{pattern}$"}, read, wanted)


def number(top: float, *, wanted: str, exclusive: bool = False) -> Kind:
    """A number above 0 and up to `top`, or below it."""

    def read(text: str) -> float:
        value = float(text) if re.fullmatch(_NUMBER, text) else 0.0
        if not 0 < value <= top or (exclusive and value == top):
            raise ValueError
        return value

    most = "exclusiveMaximum" if exclusive else "maximum"
    return Kind({"type": "number", "exclusiveMinimum": 0, most: top}, read, wanted)


def text(pattern: str, wanted: str) -> Kind:
    """Text that a pattern matches from end to end."""
    schema = {"type": "string", "pattern": f"^{pattern}$"}
    return Kind(schema, checked(re.compile(pattern).fullmatch), wanted)
