"""uvicorn's HTTP/1.1 with bounds on what a connection may take, and with problems (RFC 9457) for its refusals."""

from __future__ import annotations

import asyncio
import select
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import h11
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from engine.errors import BshmError, BusyError, RequestError
from engine.server.access import peer_of, refused_over_tcp, stranger
from engine.server.lingering import LingeringTransport
from engine.server.refusal import refusal
from engine.server.sockets import Listening
from engine.server.unreadable import why_unreadable


@dataclass(frozen=True)
class ConnectionLimits:
    """What connections may take; times in seconds.

    connections: at once; more than the queue has places, since each picture that waits holds one. headers: of a
    request; with their values they may have 16 KiB, h11's own bound. head: until a request's headers are there.
    idle: between two requests. unread: how long an answer may lie unread. linger: how long a client may go on sending
    that was answered before all of its request had come.
    """

    connections: int = 640
    headers: int = 100
    head: float = 10
    idle: float = 15
    unread: float = 60
    linger: float = 3


_LIMITS = ConnectionLimits()
# Whoever is on this machine can connect over TCP, and need not have the token for that.
_TCP_LIMITS = ConnectionLimits(connections=32, head=3)
_GONE = 0.25  # seconds between two looks whether a client that has closed its half is still there
_HEAD_PIECE = 4096  # bytes; h11 looks at its bound between pieces, and the event loop reads up to 256 KiB at once


def guarded(
    listening: Listening,
    answered: Callable[[int], None],
    limits: ConnectionLimits = _LIMITS,
    over_tcp: ConnectionLimits = _TCP_LIMITS,
) -> type[asyncio.Protocol]:
    """The class of the connections to these sockets, for uvicorn's Config(http=...). answered: is told the status of
    each answer. Connections over TCP are counted apart from the others."""

    class Guarded(GuardedProtocol):
        _token, _answered = listening.token, staticmethod(answered)
        _limits, _tcp_limits = limits, over_tcp

    return Guarded


class GuardedProtocol(H11Protocol):
    """One connection. What uvicorn calls keeps its name; `guarded` gives it its limits."""

    _token: str | None
    _answered: Callable[[int], None]
    _limits: ConnectionLimits
    _tcp_limits: ConnectionLimits

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._app: ASGIApp = self.app
        self.app = self._answer
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._port: int | None = None  # that the client came to, over TCP
        self._half_closed = False

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Refuses strangers, and more connections than there may be."""
        one = transport.get_extra_info("socket")
        error: BshmError | None = None
        if one.family == socket.AF_UNIX:
            error = stranger(peer_of(one))
        else:
            self._port, self._limits = one.getsockname()[1], self._tcp_limits
        self.timeout_keep_alive = self._limits.idle  # type: ignore[assignment]  # it goes to call_later, untouched
        self._lingering = LingeringTransport(transport, self._limits.linger, self._limits.unread)
        super().connection_made(self._lingering)
        alike, most = sum(map(self._is_alike, self.connections)), self._limits.connections
        if alike > 2 * most:  # those that were told so have not left yet
            transport.abort()
        elif alike > most:
            remedy = "Close some, and try again in 1 s"
            error = error or BusyError("the engine has too many connections", f"{most} are open", remedy)
        if error:
            self._refuse(error)
        else:
            self._watch_head()

    def _is_alike(self, other: object) -> bool:
        """Whether both are over TCP, or both are not."""
        return isinstance(other, GuardedProtocol) and (other._port is None) == (self._port is None)

    def connection_lost(self, exc: Exception | None) -> None:
        """No timer outlives the connection."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._lingering.lost()
        for each in tuple(self._timers):
            self._stop(each)

    def shutdown(self) -> None:
        """The server ends: what is idle is closed, unless its last answer was given already."""
        if not self.transport.is_closing():
            super().shutdown()

    # What comes in

    def data_received(self, data: bytes) -> None:
        """Feeds h11; throws away what comes after the last answer."""
        while data and not self.transport.is_closing():
            size = _HEAD_PIECE if self.conn.their_state is h11.IDLE else len(data)
            super().data_received(data[:size])
            data = data[size:]
        self._watch_head()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's protocols return it, and uvicorn's nothing
        """The client has closed its half of the connection, or all of it. Returns whether ours stays open, for the
        answers to requests that were there already."""
        self._half_closed = True
        if not self._owes_an_answer() or self._is_gone():
            self._refuse_what_is_cut_off()
            return False
        self._start("gone", _GONE, self._watch_gone)
        return True

    def on_response_complete(self) -> None:
        """Nothing more can come over a connection of which the client has closed its half."""
        super().on_response_complete()
        if self._half_closed and not self._owes_an_answer():
            self._refuse_what_is_cut_off()
            self.transport.close()

    def _owes_an_answer(self) -> bool:
        whole = self.cycle is not None and self.conn.their_state is not h11.SEND_BODY
        return whole and not self.cycle.response_complete

    def _is_gone(self) -> bool:
        """Whether the client has closed its other half too. Only a Unix socket tells (POLLHUP); over TCP the two look
        the same, and it is taken to be gone."""
        if self._port is not None:
            return True
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket"), 0)
        return bool(poll.poll(0))

    def _watch_gone(self) -> None:
        if self._is_gone():
            self._lingering.abort()
        else:
            self._start("gone", _GONE, self._watch_gone)

    def _refuse_what_is_cut_off(self) -> None:
        """A client that closes its half in the middle of a request may still hear what is wrong with it."""
        began = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]
        if began or self.conn.their_state is h11.SEND_BODY:
            what = "the request is cut off"
            self._refuse(RequestError(what, "the connection was closed before all of it had come", "Send it again"))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's name
        """What h11 could not read; called while its error is being handled."""
        error = sys.exception()
        status = 431 if getattr(error, "error_status_hint", 400) == 431 else 400  # else 501, of transfer encodings
        self._refuse(RequestError("the request is no proper HTTP/1.1", why_unreadable(error), status=status))

    def _should_upgrade(self) -> bool:
        return False  # a wish to change to another protocol may be left unanswered (RFC 9110, 7.8)

    def _watch_head(self) -> None:
        waiting = self.conn.their_state is h11.IDLE and not self.transport.is_closing()
        if not waiting:
            self._stop("head")
        elif "head" not in self._timers:
            self._start("head", self._limits.head, self._head_is_late)

    def _head_is_late(self) -> None:
        why = f"its headers were not there after {self._limits.head:g} s"
        self._refuse(RequestError("the request came too slowly", why, "Send it again", status=408))

    # What goes out

    def pause_writing(self) -> None:
        """The client reads more slowly than the engine writes."""
        super().pause_writing()
        self._start("unread", self._limits.unread, self._lingering.abort)

    def resume_writing(self) -> None:
        """It has read most of it."""
        super().resume_writing()
        self._stop("unread")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application as this connection sees it: it hears of no request that is refused, and where it answers
        before the request's body was there, the connection ends with that."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answered(message["status"])
                if self.conn.their_state is h11.SEND_BODY:
                    self._lingering.early = True
                    message = {**message, "headers": [*message.get("headers", ()), CLOSE_HEADER]}
            await send(message)

        headers, refused = scope["headers"], None
        if scope["method"] == "CONNECT":  # of which a success would end HTTP on this connection (RFC 9110, 9.3.6)
            refused = refusal(RequestError("the engine is no proxy", "the request's method is CONNECT"))
        elif len(headers) > self._limits.headers:
            why = f"it has {len(headers)}, and {self._limits.headers} is the most"
            refused = refusal(RequestError("the request has too many headers", why, status=431))
        elif self._port is not None:
            refused = refused_over_tcp(headers, self._port, self._token)
        if refused:
            await refused.send(sending)
        else:
            await self._app(scope, receive, sending)

    def _refuse(self, error: BshmError) -> None:
        """Ends the connection with a problem; with nothing more where an answer is on its way already."""
        if self.transport.is_closing():
            return
        running = self.cycle is not None and not self.cycle.response_complete
        if running:  # the application learns that nobody waits for its answer
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if running and self.cycle.response_started:
            self._lingering.abort()
            return
        last = refusal(error)
        self._answered(last.status)
        self._lingering.write(last.as_last_words())
        self._lingering.early = True
        self._lingering.close()
        self.conn.send_failed()
        self._watch_head()

    # Time

    def _start(self, timer: str, seconds: float, then: Callable[[], None]) -> None:
        self._timers[timer] = self.loop.call_later(seconds, then)

    def _stop(self, timer: str) -> None:
        if handle := self._timers.pop(timer, None):
            handle.cancel()
