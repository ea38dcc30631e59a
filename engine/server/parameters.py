"""The query of POST /v1/cutout: one table, which the reading and the OpenAPI document both come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from engine.errors import RequestError
from engine.logs import harmless
from engine.models.choice import matting, usable
from engine.queue import PRIORITIES, Priority
from engine.server import colours
from engine.settings import CHECKS, EDGES, FORMATS, PEOPLE, QUALITIES, WANTS, Settings
from engine.types import Options, Point

JOB_PATTERN = "[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}"  # no dot first: "." and ".." vanish from addresses

_LONGEST_QUERY = 16_000  # bytes; a name of 1000 characters takes up to 12 000, 500 points in whole pixels up to 8 000
_MOST_POINTS = 500
_POINT = "{0},{0}".format(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,20})?")
_MOST_PEOPLE, _LONGEST_DEADLINE = 100_000, 1_000_000
_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"  # https://www.rfc-editor.org/rfc/rfc8259#section-6
_NAME_PATTERN = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,1000}"


class Kind(NamedTuple):
    """What a parameter's text can be. schema: JSON Schema. read: its value; raises ValueError where it is not `wanted`,
    a phrase that stands after "it is"."""

    schema: Mapping[str, Any]
    read: Callable[[str], Any]
    wanted: str


@dataclass(frozen=True)
class Parameter:
    """One query parameter. default: None where there is none. description: one or two sentences of Markdown."""

    name: str
    kind: Kind
    default: Any
    description: str


@dataclass(frozen=True)
class JobRequest:
    """What the query of a request says, the rest filled in from the settings.

    want: words of settings.WANTS. format: of settings.FORMATS, or "raw". matte_bits: 8 or 16. background: a colour, or
    what the config says. job: None: the server makes an ID. deadline: seconds from the request to the answer; None: the
    config's, for the work alone. name: what sentences call the picture, or None.
    """

    want: tuple[str, ...]
    format: str
    matte_bits: int
    priority: Priority
    options: Options
    background: str
    job: str | None
    deadline: float | None
    name: str | None


def table(settings: Settings) -> tuple[Parameter, ...]:
    """The parameters that there are, with the defaults that the settings give them."""
    return (
        Parameter("want", _words(WANTS), settings.want, "The results, with commas. Several come as `multipart/mixed`."),
        Parameter(
            "format",
            _word(*FORMATS, "raw"),
            settings.format,
            "The format of the results. What it cannot hold (a cut-out in JPEG, a matte in JPEG or WebP) comes as PNG. "
            "`raw` is 8-bit samples row by row: a matte has 1 channel, a composite 3 (RGB), a cut-out 4 (RGBA).",
        ),
        Parameter("matte_bits", _whole(8, 16), settings.matte_bits, "Bits per pixel of a matte, except in `raw`."),
        Parameter(
            "priority",
            _word(*PRIORITIES),
            PRIORITIES[0],
            "Whether a person waits for the answer, which then goes before batch work.",
        ),
        Parameter(
            "network",
            _network(settings.licences),
            settings.network,
            "The matting network; `auto` picks one for each person.",
        ),
        Parameter("people", _people(), settings.people, "Whom to cut out: `auto` are the people the picture is about."),
        Parameter(
            "at",
            _points(),
            None,
            "Points in the upright picture's pixels, `x,y;x,y;...`: the people on whom one of them lies are cut out, "
            "whoever they are, and nobody else. `people` is then left out, or `all`.",
        ),
        Parameter("quality", _word(*QUALITIES), settings.quality, "`fast` is one look at each person, not several."),
        Parameter("edge", _word(*EDGES), Options.edge, "`crisp`: every pixel is a person's or not."),
        Parameter(
            "threshold",
            _number(1, exclusive=True, wanted="a number above 0 and below 1"),
            None,
            "From which alpha on a pixel is a person's, where edges are crisp; else 0.5, and 0.3 for small people.",
        ),
        Parameter(
            "background",
            Kind(colours.SCHEMA, _checked(colours.is_colour), colours.WANTED),
            settings.background,
            "The colour behind the people of a composite; a picture is sent as a part of `multipart/form-data`.",
        ),
        Parameter(
            "job",
            _text(JOB_PATTERN, "1 to 64 of the characters A-Z a-z 0-9 . _ -, not a dot first"),
            None,
            "The job's ID, to ask for it or cancel it. The server makes one where none is given.",
        ),
        Parameter(
            "deadline",
            _number(_LONGEST_DEADLINE, wanted=f"a number of seconds above 0, at most {_LONGEST_DEADLINE}"),
            None,
            "Seconds from the request to the answer, waiting counted in; past it the job is given up.",
        ),
        Parameter(
            "name",
            _text(_NAME_PATTERN, "1 to 1000 characters, no control characters"),
            None,
            "What sentences call the picture.",
        ),
    )


def read_query(raw: bytes) -> list[tuple[str, str]]:
    """The names and values of a query string as it stood in the address, without its question mark.

    Raises RequestError where it is no proper application/x-www-form-urlencoded text
    (https://url.spec.whatwg.org/#application/x-www-form-urlencoded), which is read strictly here.
    """
    if len(raw) > _LONGEST_QUERY:
        raise RequestError(f"the query has {len(raw)} bytes", f"the limit is {_LONGEST_QUERY}")
    if re.search(rb"%(?![0-9A-Fa-f]{2})", raw):
        raise RequestError("the query has a % without two hexadecimal digits after it", remedy="Write % itself as %25")
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except UnicodeDecodeError as error:
        raise RequestError(
            "the query is not UTF-8 text", remedy="Write other characters as %XX, byte by byte"
        ) from error
    except ValueError as error:
        raise RequestError("the query cannot be read", remedy="Write it as name=value&name=value") from error


def read_request(query: Sequence[tuple[str, str]], settings: Settings) -> JobRequest:
    """What the names and values of a query ask for.

    Raises UsageError for a network that may not be used, and RequestError (400) for anything else that is unknown,
    wrong, or said twice.
    """
    parameters = {each.name: each for each in table(settings)}
    values = {each.name: each.default for each in parameters.values()}
    seen = set()
    for name, text in query:
        if name not in parameters:
            raise RequestError(f"unknown parameter '{shown(name)}'", f"the parameters are {', '.join(parameters)}")
        if name in seen:
            raise RequestError(f"parameter '{name}' stands there twice")
        seen.add(name)
        kind = parameters[name].kind
        try:
            values[name] = kind.read(text)
        except ValueError:
            fault = f"cannot be '{shown(text)}'" if text else "has no value"
            raise RequestError(f"parameter '{name}' {fault}", f"it is {kind.wanted}") from None
    at = values.pop("at") or ()
    if at:
        if "people" in seen and values["people"] != "all":
            fault = f"parameter 'people' cannot be '{values['people']}' beside 'at'"
            raise RequestError(fault, "points say whom to cut out", "Leave it out")
        values["people"] = "all"
    options = {name: values.pop(name) for name in ("network", "people", "quality", "edge", "threshold")}
    return JobRequest(options=Options(**options, at=at), **values)


def shown(text: str) -> str:
    """A client's text as it may stand in a sentence: short, and without what a terminal obeys."""
    return harmless(text if len(text) <= 60 else text[:60] + "...")


def _checked(check: Callable[[str], object]) -> Callable[[str], str]:
    """The text itself, where the check holds."""

    def read(text: str) -> str:
        if not check(text):
            raise ValueError
        return text

    return read


def _word(*words: str) -> Kind:
    return Kind({"type": "string", "enum": [*words]}, _checked(words.__contains__), f"one of {', '.join(words)}")


def _words(words: tuple[str, ...]) -> Kind:
    check, wanted = CHECKS["want"]

    def read(text: str) -> tuple[str, ...]:
        value = tuple(text.split(","))
        if not check(value):
            raise ValueError
        return value

    items = {"type": "string", "enum": [*words]}
    return Kind({"type": "array", "items": items, "minItems": 1, "uniqueItems": True}, read, f"{wanted}, with commas")


def _whole(*numbers: int) -> Kind:
    by_text = {str(each): each for each in numbers}
    read = _checked(by_text.__contains__)
    return Kind({"type": "integer", "enum": [*numbers]}, lambda text: by_text[read(text)], " or ".join(by_text))


def _network(licences: str) -> Kind:
    def read(text: str) -> str:
        matting(text, licences)
        return text

    names = ("auto", *(each.name for each in usable("matte", licences)))
    return Kind({"type": "string", "enum": [*names]}, read, f"one of {', '.join(names)}")


def _people() -> Kind:
    def read(text: str) -> str | int:
        if text in PEOPLE:
            return text
        if not re.fullmatch("[1-9][0-9]{0,5}", text) or int(text) > _MOST_PEOPLE:
            raise ValueError
        return int(text)

    number = {"type": "integer", "minimum": 1, "maximum": _MOST_PEOPLE}
    schema = {"anyOf": [{"type": "string", "enum": [*PEOPLE]}, number]}
    return Kind(schema, read, f"one of {', '.join(PEOPLE)}, or a number from 1 to {_MOST_PEOPLE}")


def _points() -> Kind:
    pattern = f"{_POINT}(;{_POINT}){{0,{_MOST_POINTS - 1}}}"
    checked = _checked(re.compile(pattern).fullmatch)

    def read(text: str) -> tuple[Point, ...]:
        pairs = (each.split(",") for each in checked(text).split(";"))
        return tuple((float(x), float(y)) for x, y in pairs)

    wanted = f"1 to {_MOST_POINTS} points x,y with a ; between, in pixels, none below 0"
    return Kind({"type": "string", "pattern": f"^{pattern}$"}, read, wanted)


def _number(top: float, *, wanted: str, exclusive: bool = False) -> Kind:
    """A number above 0 and up to `top`, or below it."""

    def read(text: str) -> float:
        value = float(text) if re.fullmatch(_NUMBER, text) else 0.0
        if not 0 < value <= top or (exclusive and value == top):
            raise ValueError
        return value

    most = "exclusiveMaximum" if exclusive else "maximum"
    return Kind({"type": "number", "exclusiveMinimum": 0, most: top}, read, wanted)


def _text(pattern: str, wanted: str) -> Kind:
    schema = {"type": "string", "pattern": f"^{pattern}$"}
    return Kind(schema, _checked(re.compile(pattern).fullmatch), wanted)
