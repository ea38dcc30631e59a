"""Errors over the socket: application/problem+json (RFC 9457) on the way out, the same error on the way in.

The members `what`, `why` and `remedy` are the parts of the sentence; `detail` is all of it, for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import (
    AccessError,
    BshmError,
    BusyError,
    CancelledError,
    ConfigError,
    CrashError,
    DeadlineError,
    DeviceError,
    EngineError,
    FaultError,
    JobError,
    MemoryShortError,
    NetworkError,
    NotAPictureError,
    OutputError,
    PictureError,
    RequestError,
    TooLargeError,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:bshm:problem:"

# What each error is called in a problem's `type`, and the HTTP status that it is sent with. An error that does not
# stand here is sent as its nearest base class.
TABLE: Mapping[type[BshmError], tuple[str, int]] = {
    RequestError: ("request", 400),  # its own status goes before this one
    ConfigError: ("config", 503),
    UsageError: ("usage", 400),
    TooLargeError: ("too-large", 413),
    NotAPictureError: ("not-a-picture", 422),
    PictureError: ("picture", 422),
    OutputError: ("output", 422),
    DeadlineError: ("deadline", 504),
    CancelledError: ("cancelled", 409),
    CrashError: ("crash", 500),
    MemoryShortError: ("memory", 507),
    JobError: ("job", 500),
    NetworkError: ("network", 503),
    DeviceError: ("device", 503),
    BusyError: ("busy", 503),
    AccessError: ("access", 403),
    EngineError: ("engine", 503),
    FaultError: ("fault", 500),
    BshmError: ("error", 500),
}
_CLASSES = {slug: kind for kind, (slug, _) in TABLE.items()}


def to_problem(error: BshmError, job: str | None = None) -> tuple[int, dict[str, str], dict[str, Any]]:
    """The HTTP status, the headers (Retry-After) and the problem of an error."""
    kind = next(each for each in type(error).__mro__ if each in TABLE)
    slug, status = TABLE[kind]
    headers = {}
    if isinstance(error, RequestError):
        status = error.status
    if isinstance(error, BusyError):
        headers["Retry-After"] = str(error.retry_after)
    problem = {
        "type": _TYPE + slug,
        "title": error.what,
        "status": status,
        "detail": str(error),
        "what": error.what,
        "why": error.why,
        "remedy": error.remedy,
    }
    return status, headers, problem if job is None else {**problem, "job": job}


def from_problem(status: int, problem: Mapping[str, Any], retry_after: str | None = None) -> BshmError:
    """The error that a problem tells of; an EngineError for one that this version does not know."""
    kind = _CLASSES.get(str(problem.get("type", "")).removeprefix(_TYPE), EngineError)
    what = str(problem.get("what") or problem.get("title") or f"the engine answered {status}")
    why, remedy = str(problem.get("why", "")), str(problem.get("remedy", ""))
    if issubclass(kind, RequestError):
        return kind(what, why, remedy, status=status)
    if issubclass(kind, BusyError):
        seconds = int(retry_after) if retry_after and retry_after.isdecimal() else 1
        return kind(what, why, remedy, retry_after=seconds)
    return kind(what, why, remedy)
