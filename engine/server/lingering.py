"""A connection's transport that ends politely: the client can read the last answer even while it is still sending."""

from __future__ import annotations

import asyncio
from typing import Any


class LingeringTransport(asyncio.Transport):
    """Stands before the event loop's own transport.

    A socket that is closed while unread bytes lie in it resets the connection, and the client may lose the answer. So
    after an early answer only our half is closed, and what still comes is read and thrown away until the client closes
    its half too, or time is up (RFC 9112, 9.6).
    """

    def __init__(self, transport: asyncio.Transport, linger: float, flush: float) -> None:
        """linger: seconds for the client to stop sending. flush: seconds for it to read what was written before the
        connection is closed in the usual way."""
        super().__init__()
        self._transport, self._linger, self._flush = transport, linger, flush
        self._end: asyncio.TimerHandle | None = None
        self.early = False  # whether the answer goes out before the request was there

    def close(self) -> None:
        """Ends the connection once what was written is out."""
        if self.is_closing():
            return
        self._end = asyncio.get_running_loop().call_later(
            self._linger if self.early else self._flush, self._transport.abort
        )
        if not self.early:
            self._transport.close()
            return
        try:
            self._transport.write_eof()
        except OSError:  # ENOTCONN: the client is gone
            self._transport.abort()
        else:
            self._transport.resume_reading()

    def lost(self) -> None:
        """To be called when the connection is gone."""
        if self._end:
            self._end.cancel()

    def is_closing(self) -> bool:
        """True from the last answer on: what comes now is to be thrown away."""
        return self._end is not None or self._transport.is_closing()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Sends bytes, unless the last answer was given."""
        if not self.is_closing():
            self._transport.write(data)

    def abort(self) -> None:
        """Ends the connection at once."""
        self._transport.abort()

    def pause_reading(self) -> None:
        """As of any transport."""
        if not self.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """As of any transport."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As of any transport."""
        return self._transport.get_extra_info(name, default)
