"""JSON Schemas of what the engine answers: the components of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.queue import PRIORITIES
from engine.server.parameters import JOB_PATTERN

Schema = Mapping[str, Any]

JOB: Schema = {"type": "string", "pattern": f"^{JOB_PATTERN}$"}
STATES_READY = ("ready", "asleep")
STATES_NOT_READY = ("starting", "stopping", "broken")

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_AMOUNT: Schema = {"type": "number", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}


def words(*each: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": [*each]}


def record(**members: Schema) -> Schema:
    """An object that has all of these members."""
    return {"type": "object", "properties": members, "required": [*members]}


def reference(name: str) -> Schema:
    """A schema of COMPONENTS."""
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_PROBLEM_MEMBERS: Mapping[str, Schema] = {
    "type": {"type": "string", "pattern": "^urn:bshm:problem:"},
    "title": _TEXT,
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string", "description": "The whole sentence, for people."},
    "what": {"type": "string", "description": "What happened."},
    "why": {"type": "string", "description": "The reason, or empty."},
    "remedy": {"type": "string", "description": "What to do about it, or empty."},
}

COMPONENTS: Mapping[str, Schema] = {
    "Problem": {
        "description": "An error (RFC 9457).",
        "type": "object",
        "properties": {**_PROBLEM_MEMBERS, "job": JOB},
        "required": [*_PROBLEM_MEMBERS],
    },
    "Job": record(
        job=JOB,
        state=words("queued", "running", "done", "failed", "cancelled"),
        stage=_TEXT,
        progress={"type": "number", "minimum": 0, "maximum": 1},
        position={**_or_null(_COUNT), "description": "How many pictures go before it; null where it does not wait."},
        priority=words(*PRIORITIES),
        seconds={**_AMOUNT, "description": "Since the request."},
    ),
    "Report": record(
        width=_COUNT,
        height=_COUNT,
        people=_list(
            record(
                box={**_list({"type": "integer"}), "minItems": 4, "maxItems": 4, "description": "x0, y0, x1, y1."},
                score=_AMOUNT,
                share={**_AMOUNT, "description": "Area of the box over the picture's."},
                route=_TEXT,
                passes=_list({"type": "object"}),
                threshold=_AMOUNT,
            )
        ),
        device=_TEXT,
        milliseconds={"type": "object", "additionalProperties": _AMOUNT},
        warnings=_list(_TEXT),
        steps={**_list(_TEXT), "description": "What was given up where memory ran out, or tried again."},
        source={"type": "object"},
    ),
    "Alive": record(state=words("alive")),
    "Ready": record(state=words(*STATES_READY)),
    "NotReady": {
        "type": "object",
        "properties": {"state": words(*STATES_NOT_READY), **_PROBLEM_MEMBERS},
        "required": ["state"],
    },
    "Status": record(
        version=_TEXT,
        pid=_COUNT,
        worker_pid=_or_null(_COUNT),
        state=words(*STATES_READY, *STATES_NOT_READY),
        device=_TEXT,
        uptime_seconds=_AMOUNT,
        settings=record(
            device=_TEXT,
            licences=_TEXT,
            limits=record(megapixels=_AMOUNT, megabytes=_AMOUNT),
            memory=record(longest_side=_COUNT),
        ),
        queue=record(
            waiting=_COUNT,
            running=_COUNT,
            interactive=_COUNT,
            batch=_COUNT,
            pictures={**_COUNT, "description": "Places taken: those that are still coming in, or whose answers are."},
            bytes={**_COUNT, "description": "Of pictures and of their results, until they are sent."},
            limit_pictures=_COUNT,
            limit_bytes=_COUNT,
        ),
        jobs=_list(reference("Job")),
        networks=_list(_TEXT),
        memory=record(server_bytes=_COUNT, worker_bytes=_COUNT, budget_bytes=_COUNT),
        counts=record(done=_COUNT, failed=_COUNT, cancelled=_COUNT, refused=_COUNT, restarts=_COUNT),
        rates=record(pictures_per_minute=_AMOUNT, seconds_per_picture=_or_null(_AMOUNT)),
        last_errors=_list(record(time={"type": "string", "format": "date-time"}, job=_or_null(JOB), detail=_TEXT)),
    ),
    "Models": record(
        networks=_list(
            record(
                name=_TEXT,
                task=_TEXT,
                licence=_TEXT,
                permissive=_FLAG,
                installed=_FLAG,
                loaded=_FLAG,
                usable={**_FLAG, "description": "Whether the config's licence setting allows it."},
            )
        )
    ),
}
