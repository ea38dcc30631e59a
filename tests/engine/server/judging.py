"""What an answer must be, whatever was asked: a result, or a refusal with a sentence; never a fault of the engine."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from engine.server.openapi import document
from engine.settings import Settings
from tests.engine.server.live import Answer, connected

_COMPONENTS = document(Settings(), "1")["components"]
_PROBLEM = jsonschema_rs.validator_for({"$ref": "#/components/schemas/Problem", "components": _COMPONENTS})
_REPORT = jsonschema_rs.validator_for({"$ref": "#/components/schemas/Report", "components": _COMPONENTS})

# Busy; and a transfer coding other than "chunked", for which RFC 9112 (6.1) wants it.
_NO_FAULTS = (503, 501)

_MOST = 1 << 22  # bytes of answers to one connection


def fault_of(answer: Answer) -> str:
    """What is wrong with the answer to a request for one raw matte, or ""."""
    if answer.status == 200:
        return _fault_of_result(answer)
    if not (400 <= answer.status < 500 or answer.status in _NO_FAULTS):
        return f"status {answer.status}: {answer.body[:300]!r}"
    return fault_of_refusal(answer)


def fault_of_refusal(answer: Answer) -> str:
    """What is wrong with a problem, or ""."""
    if answer.headers.get("content-type") != "application/problem+json":
        return f"status {answer.status} as {answer.headers.get('content-type')}: {answer.body[:300]!r}"
    try:
        problem: Any = json.loads(answer.body)
        _PROBLEM.validate(problem)
    except ValueError as error:
        return f"status {answer.status}: {error}"
    if problem["status"] != answer.status or not problem["detail"].isprintable():
        return f"status {answer.status}: {problem}"
    if answer.status == 503 and not answer.headers.get("retry-after", "").isdecimal():
        return "busy without Retry-After"
    return ""


def _fault_of_result(answer: Answer) -> str:
    report: Any = json.loads(answer.headers["x-bshm-report"])
    try:
        _REPORT.validate(report)
    except ValueError as error:
        return str(error)
    sides = [int(answer.headers[f"x-{each}"]) for each in ("width", "height", "channels")]
    if sides != [report["width"], report["height"], 1] or len(answer.body) != sides[0] * sides[1]:
        return f"{len(answer.body)} bytes of {sides}, and the report says {report['width']} x {report['height']}"
    return ""


def exchanged(address: str, sent: bytes, patience: float, limit: float) -> bytes:
    """All that the engine says to these bytes on a connection of its own. patience: seconds of silence after which our
    half is closed. Raises TimeoutError where the engine does not close its own within `limit` seconds after that."""
    end = connected(address, patience)
    with end:
        try:
            end.sendall(sent)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has said what it thinks of the first part
        except TimeoutError:
            pass  # it reads no more for now
        said, closed, until = bytearray(), False, time.monotonic() + limit
        while len(said) < _MOST:
            try:
                piece = end.recv(1 << 16)
            except TimeoutError:
                if closed and time.monotonic() > until:
                    raise
                if not closed:
                    end.shutdown(socket.SHUT_WR)
                    closed, until = True, time.monotonic() + limit
                continue
            except ConnectionResetError:
                break
            if not piece:
                break
            said += piece
    return bytes(said)


def answers_in(said: bytes, sent: bytes) -> Iterator[Answer]:
    """The HTTP answers that these bytes are. Raises ValueError where they are none.

    sent: what they answer; where HEAD is in it, an answer can have no body.
    """
    rest = said
    while rest:
        head, gap, rest = rest.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        version, _, status = line.partition(" ")
        if not gap or version != "HTTP/1.1" or not status[:3].isdecimal():
            raise ValueError(f"no HTTP answer: {head[:200]!r}")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        bodiless = status.startswith("1") or (b"HEAD " in sent and rest[:5] in (b"", b"HTTP/"))
        length = 0 if bodiless else int(headers.get("content-length", "-1"))
        if length < 0 or length > len(rest):
            raise ValueError(f"an answer of {length} bytes has {len(rest)}: {head[:200]!r}")
        yield Answer(int(status[:3]), headers, rest[:length])
        rest = rest[length:]


def fault_of_edge(said: bytes, sent: bytes) -> str:
    """What is wrong with all that was said to the bytes of a connection, or ""."""
    try:
        for each in answers_in(said, sent):
            if each.status >= 400 and each.body and (fault := fault_of_refusal(each)):
                return fault
            if 300 <= each.status < 400 or (each.status >= 500 and each.status not in _NO_FAULTS):
                return f"status {each.status}: {each.body[:300]!r}"
    except ValueError as error:
        return str(error)
    return ""
