"""One HTTP/1.1 exchange over a Unix socket or TCP. Each has a connection of its own: on a local socket that costs less
than a millisecond, and no connection can be stale or somebody else's."""

from __future__ import annotations

import http.client
import select
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.client.asked import Body

Address = str | Path | tuple[str, int]

_PIECE = 1 << 20  # bytes that are handed to the system at once
_NAP = 0.02  # seconds until a queue of connections that is full is tried again


class Connection(http.client.HTTPConnection):
    """A connection that gives up after `timeout` seconds of silence, but waits for an answer as long as is said."""

    def __init__(self, address: Address, timeout: float) -> None:
        host, port = address if isinstance(address, tuple) else ("localhost", None)
        super().__init__(host, port, timeout=timeout)
        self._address, self._patience = address, timeout

    def connect(self) -> None:
        """Raises OSError: FileNotFoundError or ConnectionRefusedError where nothing listens."""
        if isinstance(self._address, tuple):
            super().connect()
            return
        until = time.monotonic() + self._patience
        while True:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(self._patience)
                sock.connect(str(self._address))
            except BlockingIOError:  # connect(2), EAGAIN: as many wait as the listener lets wait
                sock.close()
                if time.monotonic() > until:
                    raise TimeoutError("it takes no more connections") from None
                time.sleep(_NAP)
            except BaseException:
                sock.close()
                raise
            else:
                self.sock = sock
                return

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: Body, waiting: Callable[[], bool]
    ) -> http.client.HTTPResponse:
        """Sends a request and reads the head of its answer, also of one that comes before all is sent (413, 503).

        waiting: is asked after each `timeout` seconds without an answer whether to go on; TimeoutError where it says
        no. Raises OSError and http.client.HTTPException.
        """
        self.putrequest(method, target, skip_accept_encoding=True)
        for key, value in {**headers, **body.headers, "Connection": "close"}.items():
            self.putheader(key, value)
        self.endheaders()
        try:
            answered = self._send(body)
        except (BrokenPipeError, ConnectionResetError):
            answered = True  # it reads no more; what it said before may still be there
        while not answered:
            answered = bool(self._events(select.POLLIN))
            if not answered and not waiting():
                raise TimeoutError("it does not answer")
        return self.getresponse()

    def _send(self, body: Body) -> bool:
        """True where an answer came before all was sent."""
        for each in body.pieces:
            rest = each
            while rest:
                events = self._events(select.POLLIN | select.POLLOUT)
                if events & ~select.POLLOUT:
                    return True
                if not events:
                    raise TimeoutError("it takes no more of what is sent")
                rest = rest[self.sock.send(rest[:_PIECE]) :]
        return False

    def _events(self, wanted: int) -> int:
        """What the socket is ready for; 0 where that is nothing within the patience."""
        poll = select.poll()
        poll.register(self.sock, wanted)
        return next((events for _, events in poll.poll(self._patience * 1000)), 0)
