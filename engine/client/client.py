"""The engine's calls as methods, and everything that can go wrong as an error of engine.errors."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any
from urllib.parse import quote, urlencode

from engine.address import socket_path
from engine.client.asked import Asked, Body, Buffer, Raw, body_of
from engine.client.connection import Address, Connection
from engine.client.multipart import boundary_of, read_parts
from engine.errors import (
    AccessError,
    BshmError,
    BusyError,
    DeadlineError,
    EngineError,
    LostError,
    NotRunningError,
    system_reason,
)
from engine.problems import MEDIA_TYPE, from_problem

_RESTART = "Try again, or start the engine anew"
_MOST_JSON = 16_000_000  # bytes
_SHORTEST = 0.001  # seconds; a deadline that is over is for the engine to refuse
_FIRST_NAP, _LONGEST_NAP = 0.05, 1.0  # seconds between two tries while the engine starts

_DEFAULTS = Asked()
_EMPTY = Body({})


@dataclass(frozen=True)
class Answer:
    """What came of a picture. job: its ID. results: the bytes of a file for each word of `want`, in that order."""

    job: str
    report: dict[str, Any]
    results: Mapping[str, memoryview]


class Client:
    """Calls one engine. Any number of threads may use it at once; it holds nothing open between calls."""

    def __init__(
        self,
        address: Address | None = None,
        token: str | None = None,
        *,
        timeout: float = 10.0,
        patience: float = 60.0,
    ) -> None:
        """address: the path of its Unix socket, or host and port with the token that stands in engine.token. None is
        $BSHM_SOCKET, else the path where the engine listens unless its config names another; raises ConfigError where
        that is no socket's.

        timeout: seconds until a connection must stand, and of silence. A picture may take longer: while it does, the
        engine is asked from time to time whether it is alive. patience: seconds for which a picture that a full queue
        does not take is offered again.
        """
        self._address: Address = socket_path() if address is None else address
        self._token = token
        self._timeout, self._patience = timeout, patience

    def cut_out(self, picture: Buffer | Raw, asked: Asked = _DEFAULTS, background: Buffer | None = None) -> Answer:
        """The people of a picture. background: the file of the picture behind composites.

        Raises what the engine says of the picture or of what is asked (PictureError, UsageError, JobError, ...),
        BusyError where its queue stays full, and other EngineErrors where it cannot be reached, is silent or lost.
        """
        body = body_of(picture, background)
        begun = time.monotonic()
        within = float("inf") if asked.deadline is None else asked.deadline
        while True:
            left = max(within - (time.monotonic() - begun), _SHORTEST)
            try:
                return self._cut_out(body, asked, left)
            except BusyError as error:
                if time.monotonic() - begun + error.retry_after > min(self._patience, within):
                    raise
                time.sleep(error.retry_after)

    def job(self, job: str) -> dict[str, Any]:
        """How far a job is: state, stage, progress 0..1, position in the queue. Raises RequestError (404)."""
        return self._json("GET", _job_path(job))

    def cancel(self, job: str) -> dict[str, Any]:
        """Ends a job; who waits for it has a CancelledError. Raises RequestError: 404 unknown, 409 it has ended."""
        return self._json("DELETE", _job_path(job))

    def status(self) -> dict[str, Any]:
        """Queue, device, memory, networks, counts, rates, and the last errors."""
        return self._json("GET", "/v1/status")

    def models(self) -> list[dict[str, Any]]:
        """The networks: name, task, licence, and whether each is installed, loaded and usable."""
        networks: list[dict[str, Any]] = self._json("GET", "/v1/models").get("networks", [])
        return networks

    def ready(self) -> str:
        """ "ready", or "asleep" where the networks come back by themselves with the next picture.

        Raises BusyError while it starts or stops, and its own error (NetworkError, ...) where it cannot work.
        """
        return str(self._json("GET", "/readyz").get("state", "ready"))

    def wait_until_ready(self, seconds: float, gone: float | None = None) -> str:
        """As ready(), for an engine that is starting, about to be started, or ending and to be started again.

        seconds: for all of it. gone: of these, how long it may be away in one go. Raises what ready() raised last.
        """
        heard = time.monotonic()
        end = heard + seconds
        nap = _FIRST_NAP
        while True:
            try:
                return self.ready()
            except BusyError:
                heard = time.monotonic()
                if heard + nap > end:
                    raise
            except (NotRunningError, LostError):
                if time.monotonic() + nap > (end if gone is None else min(end, heard + gone)):
                    raise
            time.sleep(nap)
            nap = min(2 * nap, _LONGEST_NAP)

    def _cut_out(self, body: Body, asked: Asked, left: float) -> Answer:
        until = time.monotonic() + left + self._timeout  # the engine itself says when the deadline is over

        def waiting() -> bool:
            if time.monotonic() > until:
                raise DeadlineError(f"{asked.name or 'the picture'}: not cut out", "the engine let its deadline pass")
            with suppress(BusyError):  # too many connections: it lives
                self._json("GET", "/healthz")
            return True

        query = asked.query() if asked.deadline is None else {**asked.query(), "deadline": f"{left:.3f}"}
        target = f"/v1/cutout?{urlencode(query, errors='replace')}"
        with self._answered("POST", target, {"Accept": "multipart/mixed"}, body, waiting) as response:
            parts = read_parts(response, boundary_of(self._type_of(response, "multipart/mixed")), response.length)
            name, report = next(parts, ("", b""))
            results = {each.name: each.data for each in parts}
            if name != "report" or (asked.want and set(results) != set(asked.want)):
                raise ValueError("it does not hold what was asked for")
            return Answer(response.getheader("X-Bshm-Job") or asked.job or "", _object(report), results)

    def _json(self, method: str, path: str) -> dict[str, Any]:
        with self._answered(method, path, {"Accept": "application/json"}, _EMPTY, lambda: False) as response:
            self._type_of(response, "application/json")
            return _content(response)

    @contextmanager
    def _answered(
        self, method: str, target: str, headers: Mapping[str, str], body: Body, waiting: Callable[[], bool]
    ) -> Iterator[HTTPResponse]:
        """An answer that is none of the engine's problems, to be read. Every failure comes as a BshmError."""
        if self._token is not None:
            headers = {**headers, "Authorization": f"Bearer {self._token}"}
        try:
            with (
                closing(Connection(self._address, self._timeout)) as connection,
                closing(connection.exchange(method, target, headers, body, waiting)) as response,
            ):
                if not 200 <= response.status < 300:
                    self._type_of(response, MEDIA_TYPE, "application/json")
                    raise _refusal(response)
                yield response
        except (OSError, HTTPException, ValueError) as error:  # ValueError: of JSON, and of multipart
            raise self._failure(error) from error

    def _type_of(self, response: HTTPResponse, *wanted: str) -> str:
        """The answer's Content-Type. Raises EngineError where it is another: then no engine of ours has answered."""
        content_type = response.getheader("Content-Type", "")
        if content_type.partition(";")[0].strip().lower() not in wanted:
            raise self._stranger(f"it answered {response.status} with {content_type or 'no content type'}")
        return content_type

    def _failure(self, error: OSError | HTTPException | ValueError) -> EngineError:
        place = f"the engine at {self._place}"
        match error:
            case FileNotFoundError() | ConnectionRefusedError():
                return NotRunningError(f"no engine is running at {self._place}", remedy="Start it with: bshm engine")
            case PermissionError():
                return AccessError(f"{place} may not be used", "it belongs to another user")
            case TimeoutError():
                return EngineError(f"{place} is silent", str(error), _RESTART)
            case ConnectionError() | IncompleteRead():
                return LostError(f"{place} hung up", "its answer is not complete", _RESTART)
            case HTTPException():
                return self._stranger("it does not speak HTTP")
            case OSError():
                return EngineError(f"{place} cannot be reached", system_reason(error))
        return EngineError(f"the answer of {place} cannot be used", str(error), _RESTART)

    def _stranger(self, why: str) -> EngineError:
        remedy = "Look at engine.socket and engine.port in the config"
        return EngineError(f"what listens at {self._place} is no engine of this program", why, remedy)

    @property
    def _place(self) -> str:
        return "{}:{}".format(*self._address) if isinstance(self._address, tuple) else str(self._address)


def _job_path(job: str) -> str:
    return f"/v1/jobs/{quote(job, safe='', errors='replace')}"


def _refusal(response: HTTPResponse) -> BshmError:
    """What a problem tells of; /readyz (application/json) has one only where the engine cannot work at all."""
    content = _content(response)
    if content.get("state") in ("starting", "stopping"):
        return BusyError(f"the engine is {content['state']}", remedy="Try again in a moment")
    return from_problem(response.status, content, response.getheader("Retry-After"))


def _content(response: HTTPResponse) -> dict[str, Any]:
    """The JSON of an answer. Raises ValueError and IncompleteRead."""
    if response.length is None or response.length > _MOST_JSON:
        raise ValueError("it does not say a length that JSON has")
    return _object(response.read())


def _object(text: bytes | memoryview) -> dict[str, Any]:
    content = json.loads(bytes(text))
    if not isinstance(content, dict):
        raise ValueError("its JSON is no object")  # noqa: TRY004  # what was sent is wrong, no argument of ours
    return content
