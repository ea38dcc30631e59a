"""The query of POST /v1/cutout: one table, which the reading and the OpenAPI document both come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from engine.errors import RequestError
from engine.logs import harmless
from engine.queue import PRIORITIES, Priority
from engine.server import colours, kinds
from engine.settings import EDGES, FORMATS, QUALITIES, Settings
from engine.types import Options

JOB_PATTERN = "[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}"  # no dot first: "." and ".." vanish from addresses

_LONGEST_QUERY = 16_000  # bytes; a name of 1000 characters takes up to 12 000, 500 points in whole pixels up to 8 000
_LONGEST_DEADLINE = 1_000_000
_NAME_PATTERN = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,1000}"


@dataclass(frozen=True)
class Parameter:
    """One query parameter. default: None where there is none. description: one or two sentences of Markdown."""

    name: str
    kind: kinds.Kind
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
        Parameter(
            "want", kinds.results(), settings.want, "The results, with commas. Several come as `multipart/mixed`."
        ),
        Parameter(
            "format",
            kinds.word(*FORMATS, "raw"),
            settings.format,
            "The format of the results. What it cannot hold (a cut-out in JPEG, a matte in JPEG or WebP) comes as PNG. "
            "`raw` is 8-bit samples row by row: a matte has 1 channel, a composite 3 (RGB), a cut-out 4 (RGBA).",
        ),
        Parameter("matte_bits", kinds.whole(8, 16), settings.matte_bits, "Bits per pixel of a matte, except in `raw`."),
        Parameter(
            "priority",
            kinds.word(*PRIORITIES),
            PRIORITIES[0],
            "Whether a person waits for the answer, which then goes before batch work.",
        ),
        Parameter(
            "network",
            kinds.network(settings.licences),
            settings.network,
            "The matting network; `auto` picks one for each person.",
        ),
        Parameter(
            "people", kinds.people(), settings.people, "Whom to cut out: `auto` are the people the picture is about."
        ),
        Parameter(
            "at",
            kinds.points(),
            None,
            "Points in the upright picture's pixels, `x,y;x,y;...`: the people on whom one of them lies are cut out, "
            "whoever they are, and nobody else. `people` is then left out, or `all`.",
        ),
        Parameter(
            "quality",
            kinds.word(*QUALITIES),
            settings.quality,
            "How many looks are taken at each person: `fast` one, `balanced` several, `best` many.",
        ),
        Parameter("edge", kinds.word(*EDGES), Options.edge, "`crisp`: every pixel is a person's or not."),
        Parameter(
            "threshold",
            kinds.number(1, exclusive=True, wanted="a number above 0 and below 1"),
            None,
            "From which alpha on a pixel is a person's, where edges are crisp; else 0.5, and 0.3 for small people.",
        ),
        Parameter(
            "background",
            kinds.Kind(colours.SCHEMA, kinds.checked(colours.is_colour), colours.WANTED),
            settings.background,
            "The colour behind the people of a composite; a picture is sent as a part of `multipart/form-data`.",
        ),
        Parameter(
            "job",
            kinds.text(JOB_PATTERN, "1 to 64 of the characters A-Z a-z 0-9 . _ -, not a dot first"),
            None,
            "The job's ID, to ask for it or cancel it. The server makes one where none is given.",
        ),
        Parameter(
            "deadline",
            kinds.number(_LONGEST_DEADLINE, wanted=f"a number of seconds above 0, at most {_LONGEST_DEADLINE}"),
            None,
            "Seconds from the request to the answer, waiting counted in; past it the job is given up.",
        ),
        Parameter(
            "name",
            kinds.text(_NAME_PATTERN, "1 to 1000 characters, no control characters"),
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


def read_request(query: Sequence[tuple[str, str]], settings: Settings, *, selected: bool = False) -> JobRequest:
    """What the names and values of a query ask for. selected: a selection comes with the picture.

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
    if at and selected:
        why = "each says whom to cut out"
        raise RequestError("parameter 'at' and X-Selection do not go together", why, "Leave one of them out")
    if at or selected:
        if "people" in seen and values["people"] != "all":
            beside, why = ("X-Selection", "a selection says") if selected else ("'at'", "points say")
            fault = f"parameter 'people' cannot be '{values['people']}' beside {beside}"
            raise RequestError(fault, f"{why} whom to cut out", "Leave it out")
        values["people"] = "all"
    options = {name: values.pop(name) for name in ("network", "people", "quality", "edge", "threshold")}
    return JobRequest(options=Options(**options, at=at), **values)


def shown(text: str) -> str:
    """A client's text as it may stand in a sentence: short, and without what a terminal obeys."""
    return harmless(text if len(text) <= 60 else text[:60] + "...")
