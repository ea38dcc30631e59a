"""The engine's calls, over HTTP on its Unix socket. Each has a connection of its own."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bshm_cut_out.errors import N_, AwayError, BusyError, CutOutError, RefusedError

_SILENCE = 5.0  # seconds; for what the engine answers at once
_NAP = 0.05
_LONGEST = 107  # bytes: sun_path has 108, the last of them a NUL (unix(7))
_PROBLEM = "urn:bshm:problem:"

# What an engine of another version says of our requests: of a parameter, or of a selection after the pixels.
_OLDER = ("parameter", "wrong length")


@dataclass(frozen=True)
class Answer:
    """What came of a picture. samples: 8 bits each, row by row. warnings: the report's, sentences in English."""

    samples: bytes
    warnings: tuple[str, ...]


class Call(http.client.HTTPConnection):
    """One exchange. `hang_up` ends it from another thread; the engine then gives the picture up."""

    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Raises OSError: FileNotFoundError or ConnectionRefusedError where nothing listens."""
        if len(os.fsencode(self._path)) > _LONGEST:
            raise CutOutError(
                N_(
                    "%(place)s is too long for a socket's path: it may have 107 bytes. Choose another engine.socket in "
                    "the config file, and install the plug-in again: bshm gimp install"
                ),
                place=self._path,
            )
        end = time.monotonic() + _SILENCE
        while not self._connected():
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(_NAP)

    def _connected(self) -> bool:
        """Whether it is now; it is not where as many wait as the engine lets wait (connect(2), EAGAIN)."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except BlockingIOError:
            self.sock.close()
            return False
        return True

    def hang_up(self) -> None:
        """Ends the exchange, whose thread then has an error."""
        if self.sock is not None:
            with suppress(OSError):  # it has ended by itself
                self.sock.shutdown(socket.SHUT_RDWR)

    def exchange(
        self, method: str, target: str, body: Sequence[bytes] = (), headers: Mapping[str, str] | None = None
    ) -> tuple[Message, bytes]:
        """The answer's headers and body. body: in pieces. Raises CutOutError, also for what no engine of ours says."""
        about = {**(headers or {}), "Connection": "close"}
        if body:
            about["Content-Length"] = str(sum(map(len, body)))
        try:
            with closing(self):
                with suppress(BrokenPipeError, ConnectionResetError):  # it answers before it has read all: 413, 503
                    self.request(method, target, body or None, about)
                with closing(self.getresponse()) as response:
                    content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._failure(error) from error
        if response.status != 200:
            seconds = response.getheader("Retry-After", "")
            raise _refusal(response.status, seconds, self._object(content, f"{response.status} {response.reason}"))
        return response.headers, content

    def asked(self, target: str) -> dict[str, Any]:
        """The JSON object that a GET is answered with."""
        _, content = self.exchange("GET", target)
        return self._object(content, target)

    def _object(self, content: bytes, what: str) -> dict[str, Any]:
        with suppress(ValueError):
            known = json.loads(content)
            if isinstance(known, dict):
                return known
        raise self.stranger(what)

    def _failure(self, error: Exception) -> CutOutError:
        if isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
            return AwayError(N_("No engine is running at %(place)s. Start it with: bshm engine"), place=self._path)
        if isinstance(error, PermissionError):
            return CutOutError(
                N_("The engine at %(place)s may not be used: it belongs to another user."), place=self._path
            )
        if isinstance(error, TimeoutError):
            return CutOutError(
                N_("The engine at %(place)s is silent. Start it anew: end it, then run: bshm engine"), place=self._path
            )
        if isinstance(error, (ConnectionError, http.client.IncompleteRead, http.client.RemoteDisconnected)):
            return AwayError(
                N_(
                    "The engine ended while it was at work. Nothing was changed. Try again; if it happens again, "
                    "see: bshm status"
                )
            )
        return self.stranger(str(error))

    def stranger(self, why: str) -> CutOutError:
        """For an answer that no engine of ours gives."""
        return CutOutError(
            N_(
                "What listens at %(place)s is no engine that this plug-in knows (%(why)s). Look at engine.socket in "
                "the config file, and install the plug-in again: bshm gimp install"
            ),
            place=self._path,
            why=why,
        )


def _refusal(status: int, retry_after: str, problem: Mapping[str, Any]) -> RefusedError:
    """What a problem (RFC 9457) tells of; /readyz has a state instead where the engine starts or stops."""
    slug = str(problem.get("type", "")).removeprefix(_PROBLEM)
    sentence = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")
    seconds = float(retry_after) if retry_after.isdecimal() else 1.0
    if problem.get("state") in ("starting", "stopping"):
        return BusyError(N_("The engine is starting or stopping. Try again in a moment."), seconds)
    if problem.get("state") == "broken":
        return RefusedError(N_("The engine cannot work: %(says)s"), says=sentence)
    if slug == "busy":
        return BusyError(N_("The engine is busy. Try again in a moment. It says: %(says)s"), seconds, says=sentence)
    if status == 404 or (slug == "request" and any(each in sentence for each in _OLDER)):
        return RefusedError(
            N_(
                "The engine and this plug-in are of different versions. Run ./install.sh --gimp in the project's "
                "folder, and start the engine anew. It says: %(says)s"
            ),
            says=sentence,
        )
    return RefusedError(N_("The engine refused the layer. It says: %(says)s"), says=sentence)


class Engine:
    """The calls that the plug-in makes. Raises CutOutError, AwayError and BusyError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ready(self) -> None:
        """Returns where it takes pictures. BusyError: it is starting, or stopping."""
        call = Call(self.path, _SILENCE)
        if "state" not in call.asked("/readyz"):
            raise call.stranger("readyz")

    def networks(self) -> tuple[str, ...]:
        """The names of the matting networks that can be asked for."""
        known = Call(self.path, _SILENCE).asked("/v1/models").get("networks", [])
        wanted = {"task": "matte", "usable": True, "installed": True}
        return tuple(each["name"] for each in known if wanted.items() <= each.items())

    def job(self, job: str) -> dict[str, Any]:
        """Its state, stage, progress 0..1 and position in the queue."""
        return Call(self.path, _SILENCE).asked(f"/v1/jobs/{job}")

    def picture(self) -> Call:
        """An exchange that may take as long as a picture does."""
        return Call(self.path, None)


def cut_out(
    call: Call, asked: Mapping[str, str], size: tuple[int, int, int], samples: bytes, selection: bytes | None = None
) -> Answer:
    """The one result that is asked for, in raw samples. size: width, height and channels of what is sent. selection: a
    byte a pixel, which says whom to cut out."""
    names = ("X-Width", "X-Height", "X-Channels")
    headers = {name: str(number) for name, number in zip(names, size, strict=True)}
    headers["Content-Type"] = "application/octet-stream"
    body = [samples]
    if selection is not None:
        headers["X-Selection"] = "1"
        body.append(selection)
    about, content = call.exchange("POST", f"/v1/cutout?{urlencode(asked)}", body, headers)
    try:
        warnings = tuple(str(each) for each in json.loads(about.get("X-Bshm-Report", "")).get("warnings", ()))
    except (ValueError, AttributeError):
        raise call.stranger("X-Bshm-Report") from None
    return Answer(content, warnings)
