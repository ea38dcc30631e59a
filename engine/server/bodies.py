"""The body of a cut-out request: checked before it is read, and written to shared memory as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from starlette.datastructures import Headers
from starlette.types import Receive

from engine.errors import BusyError, RequestError, system_reason
from engine.pictures.refusals import check_bytes
from engine.server.body_headers import read_body_headers, wrong_length
from engine.server.forms import Form
from engine.settings import Limits
from engine.shared import Shared
from engine.worker.order import RawSize, Span

_NAME = "the request's body"


class ClientGone(Exception):  # noqa: N818  # nobody is left who could be told of an error
    """The client hung up before its request was there."""


class Reserve(Protocol):
    """Takes room in the queue. What it took is given back by its owner when the job ends, also when that failed."""

    def __call__(self, count: int, /) -> None:
        """Room for so many more bytes. Raises BusyError where there is none."""


@dataclass(frozen=True)
class Pace:
    """How slow a body may be. silence: seconds without a byte. grace: seconds for all of it, and a second more for
    each `rate` bytes that came. A local program sends a gigabyte a second."""

    silence: float = 10
    grace: float = 20
    rate: float = 50_000


_PACE = Pace()


@dataclass(frozen=True)
class Body:
    """What a client sent. shared: to be closed by who has it. picture, background: where in it the files lie.
    raw: the size of a picture that is no file but 8-bit pixels, row by row. selection: where in it a byte for each of
    them lies, or None."""

    shared: Shared
    picture: Span
    background: Span | None
    raw: RawSize | None
    selection: Span | None


async def receive_body(
    receive: Receive, headers: Headers, limits: Limits, reserve: Reserve, name: str = _NAME, pace: Pace = _PACE
) -> Body:
    """The body of a request: a picture's file, raw pixels with X-Width, X-Height and X-Channels (and with X-Selection
    what of them is selected), or a form (multipart/form-data) with the files `picture` and, optional, `background`.

    reserve: is asked for all of it at once where the client says how much comes, else for each piece.
    name: what sentences call the picture. Raises RequestError (400, 408, 415), TooLargeError, NotAPictureError,
    BusyError, and ClientGone where the client hangs up. No memory is held after an error.
    """
    said = read_body_headers(headers, limits, name)
    if said.length is not None:
        reserve(said.length)
    with ExitStack() as stack:
        with _memory_permitting(name):
            shared = stack.enter_context(Shared())
        form = Form(said.boundary, shared, name) if said.boundary else None
        keep = form.write if form else shared.append
        incoming = _Incoming(receive, pace, name)
        while incoming.more:
            data = await incoming.next()
            if incoming.count > limits.megabytes * 1e6:
                check_bytes(incoming.count, limits, name)
            if said.raw and incoming.count > said.raw_bytes:
                raise wrong_length(said, f"more than {said.raw_bytes}", name)
            if said.length is None:
                reserve(len(data))
            with _memory_permitting(name):
                keep(data)
        if said.raw and incoming.count < said.raw_bytes:
            raise wrong_length(said, str(incoming.count), name)
        files = form.finish() if form else {"picture": Span(0, said.pixel_bytes or incoming.count)}
        selection = Span(said.pixel_bytes, said.raw_bytes - said.pixel_bytes) if said.selection else None
        for each in files.values():
            check_bytes(each.length, limits, name)
        stack.pop_all()
    return Body(shared, files["picture"], files.get("background"), said.raw, selection)


class _Incoming:
    """A body's pieces, as long as they come fast enough. count: bytes so far. more: False after the last piece."""

    def __init__(self, receive: Receive, pace: Pace, name: str) -> None:
        self.count, self.more = 0, True
        self._receive, self._pace, self._name = receive, pace, name
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()

    async def next(self) -> bytes:
        """The next piece; it may be empty."""
        left = self._pace.grace + self.count / self._pace.rate - (self._clock() - self._began)
        try:
            async with asyncio.timeout(min(self._pace.silence, left)):
                message = await self._receive()
        except TimeoutError:
            why = f"{self.count} bytes came in {self._clock() - self._began:.1f} s"
            raise RequestError(f"{self._name}: it came too slowly", why, "Send it again", status=408) from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        data: bytes = message.get("body", b"")
        self.count, self.more = self.count + len(data), message.get("more_body", False)
        return data


@contextmanager
def _memory_permitting(name: str) -> Iterator[None]:
    """For memfd_create(2) and write(2), which fail where no memory or no descriptor is left."""
    try:
        yield
    except OSError as error:
        what = f"{name}: the engine cannot take it at the moment"
        raise BusyError(what, system_reason(error), "Try again in 5 s", retry_after=5) from error
