# -*- coding: utf-8 -*-
"""The engine's calls, over HTTP on its Unix socket. Each has a connection of its own."""

import errno
import httplib
import json
import select
import socket
import time

from bshm_cut_out.errors import AwayError, BusyError, CutOutError, LostError, RefusedError
from bshm_cut_out.words import N_, as_text

_SILENCE = 10.0  # seconds without a byte of what comes at once, after which the engine is given up
_EVERY = 0.1  # seconds between two looks at how far it is
_PIECE = 1 << 20  # bytes that are handed to the system at once
_NAP = 0.02  # seconds until a queue of connections that is full is tried again
_PROBLEM = "urn:bshm:problem:"


class Call(httplib.HTTPConnection):
    """One exchange. Where this process ends, the engine sees the end of the connection, and gives the picture up."""

    def __init__(self, path):
        httplib.HTTPConnection.__init__(self, "localhost", strict=True, timeout=_SILENCE)
        self.path = path

    def connect(self):
        """Raises EnvironmentError, socket.timeout among them."""
        until = time.time() + _SILENCE
        while self.sock is None:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(_SILENCE)
                sock.connect(self.path)
                self.sock = sock
            except socket.error as error:
                sock.close()
                if error.errno != errno.EAGAIN or time.time() > until:  # connect(2): its queue is full
                    raise
                time.sleep(_NAP)

    def exchange(self, method, target, body="", headers=(), waiting=None):
        """The answer's body and its headers. waiting: is called all the while until the answer begins; without it, the
        answer has to begin at once.

        Raises a RefusedError for what the engine says, AwayError, LostError, and CutOutError.
        """
        try:
            self.putrequest(method, target, skip_accept_encoding=True)
            for name, value in list(headers) + [("Content-Length", str(len(body))), ("Connection", "close")]:
                self.putheader(name, value)
            self.endheaders()
            if not self._sent(body):
                self._wait(waiting)
            response = self._response()
            content = response.read()
        except (EnvironmentError, httplib.HTTPException) as error:
            raise self._failure(error)
        finally:
            self.close()
        if response.status != 200:
            raise self._refusal(response, content)
        return content, response

    def _sent(self, body):
        """False where all of it was sent before an answer came: a refusal (413, 503) may come earlier."""
        rest = memoryview(body)
        while rest:
            answered, free, _ = select.select([self.sock], [self.sock], [], _SILENCE)
            if answered:
                return True
            if not free:
                raise socket.timeout
            try:
                rest = rest[self.sock.send(rest[:_PIECE]) :]
            except socket.error as error:
                if error.errno not in (errno.EPIPE, errno.ECONNRESET):
                    raise
                return True  # it reads no more; what it said before may still be there
        return False

    def _wait(self, waiting):
        while not select.select([self.sock], [], [], _EVERY if waiting else _SILENCE)[0]:
            if not waiting:
                raise socket.timeout
            waiting()

    def _response(self):
        """An answer that says how long it is, as the engine's do. Raises IncompleteRead where it breaks off before."""
        if self.sock.recv(1, socket.MSG_PEEK):
            response = self.getresponse(buffering=True)
            if response.length is not None:
                return response
        raise httplib.IncompleteRead("")

    def _failure(self, error):
        place, number = as_text(self.path), getattr(error, "errno", None)
        if isinstance(error, socket.timeout) or number == errno.EAGAIN:
            text = N_("The engine at %(place)s is silent. Start it anew: end it, then run: bshm engine")
            return CutOutError(text, place=place)
        if number in (errno.ENOENT, errno.ECONNREFUSED):
            return AwayError(N_("No engine is running at %(place)s. Start it with: bshm engine"), place=place)
        if number in (errno.EACCES, errno.EPERM):
            text = N_("The engine at %(place)s may not be used: it belongs to another user.")
            return CutOutError(text, place=place)
        if number in (errno.EPIPE, errno.ECONNRESET) or isinstance(error, httplib.IncompleteRead):
            text = N_("The engine ended while it was at work. Nothing was changed. Try again; if it happens again, see: bshm status")  # fmt: skip
            return LostError(text)
        return self.stranger(error)

    def _refusal(self, response, content):
        """What a problem (RFC 9457) tells of; /readyz has a state instead where the engine starts or stops."""
        problem = self.json(content)
        kind = problem.get("type") or ""
        sentence = as_text(problem.get("detail") or problem.get("title") or "HTTP %d" % response.status)
        after = response.getheader("Retry-After", "")
        seconds = int(after) if after.isdigit() else 1
        if problem.get("state") in ("starting", "stopping"):
            return BusyError(N_("The engine is starting or stopping. Try again in a moment."), seconds)
        if kind == _PROBLEM + "busy":
            text = N_("The engine is busy. Try again in a moment. It says: %(says)s")
            return BusyError(text, seconds, says=sentence)
        if response.status == 404 or (kind == _PROBLEM + "request" and "unknown parameter" in sentence):
            text = N_("The engine and this plug-in are of different versions. Run ./install.sh --gimp in the project's folder, and start the engine anew. It says: %(says)s")  # fmt: skip
            return RefusedError(text, says=sentence)
        return RefusedError(N_("The engine refused the layer. It says: %(says)s"), says=sentence)

    def json(self, content):
        """The object that a text is. Raises CutOutError."""
        try:
            found = json.loads(content)
        except ValueError as error:
            raise self.stranger(error)
        if not isinstance(found, dict):
            raise self.stranger("JSON")
        return found

    def stranger(self, why):
        """For an answer that no engine of ours gives."""
        text = N_("What listens at %(place)s is no engine that this plug-in knows (%(why)s). Look at engine.socket in the config file, and install the plug-in again: bshm gimp install")  # fmt: skip
        return CutOutError(text, place=as_text(self.path), why=as_text(why))


def asked(path, target):
    """The JSON object that a GET is answered with."""
    call = Call(path)
    return call.json(call.exchange("GET", target)[0])
