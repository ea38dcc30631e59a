"""Results and errors as HTTP answers."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from engine.errors import BshmError
from engine.problems import MEDIA_TYPE, to_problem
from engine.shared import Shared
from engine.worker.order import Part

# Answers are one client's, and what they say of themselves is so.
COMMON = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

# Bytes of X-Bshm-Report at most: clients read lines of up to 64 KiB (Python's http.client, for one).
_LONGEST_REPORT = 48_000
_LISTS = ("people", "steps", "warnings")  # what makes a report long, in the order in which it is left out


def answer(shared: Shared, parts: Sequence[Part], job: str, *, several: bool) -> Response:
    """The results, which are sent from the shared bytes and then closed, also where the client goes away before.

    parts: the report (JSON) first, then what was wanted. several: they come as multipart/mixed (RFC 2046, 5.1), with
    the report; else there is one, and the report is a header.
    """
    if several:
        return _multipart(shared, parts, job)
    report, result = parts
    headers = {
        **_about(result),
        "Content-Length": str(result.length),
        "X-Bshm-Job": job,
        "X-Bshm-Report": one_line(shared.read(report.start, report.length)),
    }
    return _Results(shared, [result], headers)


def problem(error: BshmError, job: str | None) -> Response:
    """The answer that tells of an error, as application/problem+json. job: the ID where there is a job."""
    status, headers, content = to_problem(error, job)
    about = {} if job is None else {"X-Bshm-Job": job}
    # ASCII, since a sentence can name a file whose name is not UTF-8.
    return Response(json.dumps(content), status, {**COMMON, **headers, **about}, MEDIA_TYPE)


def one_line(report: bytes) -> str:
    """A report (JSON) as a header's value: ASCII, and shortened where it is long.

    What is left out of its lists is counted in its member "left_out".
    """
    content = json.loads(report)
    line = _written(content)
    for name in _LISTS:
        whole = content.get(name, ())
        if len(line) <= _LONGEST_REPORT or not whole:
            continue
        kept = _most_that_fit(content, name)
        content = _without(content, name, kept)
        line = _written(content)
    return line


def _most_that_fit(content: Mapping[str, Any], name: str) -> int:
    """How many of a list's first members can stay."""
    low, high = 0, len(content[name])
    while low < high:
        middle = (low + high + 1) // 2
        if len(_written(_without(content, name, middle))) <= _LONGEST_REPORT:
            low = middle
        else:
            high = middle - 1
    return low


def _without(content: Mapping[str, Any], name: str, kept: int) -> dict[str, Any]:
    left_out = {**content.get("left_out", {}), name: len(content[name]) - kept}
    return {**content, name: content[name][:kept], "left_out": left_out}


def _written(content: Mapping[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"))


def _multipart(shared: Shared, parts: Sequence[Part], job: str) -> Response:
    boundary = f"bshm-{secrets.token_hex(16)}"
    pieces: list[bytes | Part] = []
    for part in parts:
        headers = {
            **_about(part),
            "Content-Disposition": f'attachment; name="{part.kind}"',
            "Content-Length": str(part.length),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        pieces += [f"--{boundary}\r\n{lines}\r\n".encode("ascii"), part, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode("ascii"))
    length = sum(each.length if isinstance(each, Part) else len(each) for each in pieces)
    headers = {
        "Content-Type": f'multipart/mixed; boundary="{boundary}"',
        "Content-Length": str(length),
        "X-Bshm-Job": job,
    }
    return _Results(shared, pieces, headers)


def _about(part: Part) -> dict[str, str]:
    headers = {"Content-Type": part.media_type}
    if part.size:
        headers |= {
            f"X-{name}": str(value) for name, value in zip(("Width", "Height", "Channels"), part.size, strict=True)
        }
    return headers


class _Results(StreamingResponse):
    """Sends parts of the shared bytes, and closes them."""

    def __init__(self, shared: Shared, pieces: Sequence[bytes | Part], headers: Mapping[str, str]) -> None:
        super().__init__(_sent(shared, pieces), headers={**COMMON, **headers})
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._shared.close()


async def _sent(shared: Shared, pieces: Sequence[bytes | Part]) -> AsyncIterator[bytes]:
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
        else:
            for chunk in shared.chunks(piece.start, piece.length):
                yield chunk
