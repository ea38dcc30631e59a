"""An answer that is no more than a problem (RFC 9457), for those places where the application is not asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

import h11
from starlette.types import Send

from engine.errors import BshmError
from engine.problems import MEDIA_TYPE, to_problem


@dataclass(frozen=True)
class Refusal:
    """status: 400 to 599. headers: names in lower case, Content-Type and Content-Length among them."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    async def send(self, send: Send) -> None:
        """As an ASGI application answers."""
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body})

    def as_last_words(self) -> bytes:
        """As it goes over the wire, with the word that nothing comes after it."""
        connection = h11.Connection(h11.SERVER)
        headers = [*self.headers, (b"date", formatdate(usegmt=True).encode("ascii")), (b"connection", b"close")]
        reason = HTTPStatus(self.status).phrase.encode("ascii")
        response = h11.Response(status_code=self.status, headers=headers, reason=reason)
        return b"".join(
            connection.send(each) or b"" for each in (response, h11.Data(data=self.body), h11.EndOfMessage())
        )


def refusal(error: BshmError, status: int | None = None, *more: tuple[bytes, bytes]) -> Refusal:
    """An error as an answer. status: another than the error's own. more: headers beside the usual ones."""
    usual, headers, problem = to_problem(error)
    status = status or usual
    body = json.dumps({**problem, "status": status}).encode("ascii")
    return Refusal(
        status,
        (
            (b"content-type", MEDIA_TYPE.encode("ascii")),
            (b"content-length", str(len(body)).encode("ascii")),
            *((name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()),
            *more,
        ),
        body,
    )
