"""GET /openapi.json: the socket as an OpenAPI 3.1 document, from the tables that requests are read by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.problems import MEDIA_TYPE
from engine.server.colours import is_colour
from engine.server.parameters import Parameter, table
from engine.server.schemas import COMPONENTS, JOB, reference
from engine.settings import Settings

_ABOUT = """\
Cuts people out of pictures. Each call is a request over the Unix socket of the user's own engine, for instance

    curl --unix-socket "$XDG_RUNTIME_DIR/bshm/engine.sock" --data-binary @photo.jpg \\
         'http://engine/v1/cutout?want=cutout' --output photo.png

No token is needed there: the kernel says who asks. Over TCP, which is off unless the config file has `engine.port`,
the token lies in the file `engine.token` beside the socket, and Host must be 127.0.0.1 or localhost.
"""

# What each status means wherever it is answered. Those of `_ANYWHERE` are answered on every path.
_MEANINGS: Mapping[int, str] = {
    400: "The request, a parameter or a header is wrong.",
    401: "Over TCP: the token is missing or wrong.",
    403: "The engine does not serve this user, or a web page.",
    404: "There is no such job.",
    405: "The path does not take this method.",
    408: "The request came too slowly.",
    409: "The job's ID is taken, or the job has ended, or it was cancelled.",
    413: "The body, or the picture that it holds, is past the config's limits.",
    415: "The body's Content-Type is none of those that are read.",
    421: "Over TCP: Host is not this machine.",
    422: "The body is no picture that can be read, or the format cannot hold the result.",
    431: "The request's headers are too long.",
    500: "A fault of this program, or the picture ended the networks' process twice.",
    501: "The request's Transfer-Encoding is not `chunked`.",
    503: "The queue is full, the engine is starting or stopping, or its networks cannot be loaded.",
    504: "The deadline has passed.",
    507: "The picture does not fit into the memory.",
}
_ANYWHERE = (400, 401, 403, 405, 408, 421, 431, 500, 501)

_IMAGES = ("image/png", "image/webp", "image/tiff", "image/jpeg")
_SIZES = ("Width", "Height", "Channels")
_RAW_SIZE: Mapping[str, Mapping[str, Any]] = {
    "Width": {"type": "integer", "minimum": 1},
    "Height": {"type": "integer", "minimum": 1},
    "Channels": {"type": "integer", "minimum": 1, "maximum": 4},
}
_SELECTION = {
    "name": "X-Selection",
    "in": "header",
    "description": "Of raw samples: after them come width times height bytes more, one for each pixel, row by row. The "
    "people on whom one of them is 128 or more are cut out, whoever they are, and nobody else. `at` is then left out, "
    "and `people` left out, or `all`.",
    "schema": {"type": "string", "const": "1"},
}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds until it is worth asking again.",
        "schema": {"type": "integer", "minimum": 0},
    }
}


def document(settings: Settings, version: str) -> dict[str, Any]:
    """The document, ready for JSON. settings: give the defaults, and the networks that may be used."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "BSHM Cut Out", "version": version, "description": _ABOUT},
        "security": [{"token": []}],
        "paths": {
            "/v1/cutout": {"post": _cutout(settings)},
            "/v1/jobs/{job}": {
                "parameters": [{"name": "job", "in": "path", "required": True, "schema": JOB}],
                "get": _operation("job", "A job's state and progress", 200, _json("Job"), 404),
                "delete": _operation("cancel", "Cancels a job", 202, _json("Job"), 404, 409),
            },
            "/v1/status": {"get": _operation("status", "Queue, device, memory, counts", 200, _json("Status"))},
            "/v1/models": {"get": _operation("models", "The networks that there are", 200, _json("Models"), 503)},
            "/healthz": {"get": _operation("alive", "Whether the engine answers", 200, _json("Alive"))},
            "/readyz": {"get": _ready()},
            "/metrics": {"get": _operation("metrics", "Metrics for Prometheus", 200, {"text/plain": {}})},
            "/openapi.json": {"get": _operation("openapi", "This document", 200, {"application/json": {}})},
        },
        "components": {
            "schemas": dict(COMPONENTS),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Over TCP alone: the file engine.token."}
            },
            "responses": {str(status): _problem(status) for status in _MEANINGS},
        },
    }


def _operation(
    name: str,
    summary: str,
    status: int,
    content: Mapping[str, Any],
    *refusals: int,
    headers: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One method of a path. status: of its success. refusals: beside those of _ANYWHERE."""
    success = {"description": summary, "content": content, **({"headers": headers} if headers else {})}
    responses = {str(each): {"$ref": f"#/components/responses/{each}"} for each in sorted({*_ANYWHERE, *refusals})}
    return {"operationId": name, "summary": summary, "responses": {str(status): success, **responses}}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": reference(name)}}


def _problem(status: int) -> dict[str, Any]:
    headers = {"headers": _RETRY_AFTER} if status == 503 else {}
    return {"description": _MEANINGS[status], "content": {MEDIA_TYPE: {"schema": reference("Problem")}}, **headers}


def _ready() -> dict[str, Any]:
    operation = _operation("ready", "Whether a picture that comes now is worked on at once", 200, _json("Ready"))
    operation["responses"]["503"] = {"description": "Not yet, or not any more.", "content": _json("NotReady")}
    return operation


def _cutout(settings: Settings) -> dict[str, Any]:
    headers = {
        "X-Bshm-Job": {"description": "The job's ID.", "required": True, "schema": JOB},
        "X-Bshm-Report": {
            "description": "The report, where one result comes. Of a long one, `left_out` counts what is missing.",
            "schema": {"type": "string", "contentMediaType": "application/json", "contentSchema": reference("Report")},
        },
        **{f"X-{name}": {"description": "Of raw samples.", "schema": _RAW_SIZE[name]} for name in _SIZES},
    }
    content: dict[str, Any] = {
        **{each: {} for each in _IMAGES},
        "application/octet-stream": {},
        "multipart/mixed": {},  # the report as application/json first, then each result, named by Content-Disposition
    }
    operation = _operation(
        "cutout", "The people of a picture", 200, content, 409, 413, 415, 422, 503, 504, 507, headers=headers
    )
    operation["description"] = (
        "One result is the body itself, and the report a header. Several, or one where `Accept` has `multipart/mixed`, "
        "are the parts of a multipart body: the report as JSON first, then the results in the order of `want`; each "
        "part's Content-Disposition has its name. A client that hangs up cancels its job; over TCP, so does one that "
        "only says that it sends nothing more (shutdown(2)), since the two cannot be told apart there."
    )
    operation["parameters"] = [*map(_query_parameter, table(settings)), *map(_raw_parameter, _SIZES), _SELECTION]
    operation["requestBody"] = {
        "required": True,
        "description": "A picture's file (JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC/HEIF, AVIF or PNM; which, its bytes "
        "tell), or raw samples with X-Width, X-Height and X-Channels, after which a selection may come (X-Selection). "
        "application/x-www-form-urlencoded, which curl says by itself, and no Content-Type at all are taken as "
        "application/octet-stream.",
        "content": {
            "application/octet-stream": {},
            "image/*": {},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "picture": {
                            "description": "The picture's file.",
                            "contentMediaType": "application/octet-stream",
                        },
                        "background": {
                            "description": "The file of a picture that lies behind composites.",
                            "contentMediaType": "application/octet-stream",
                        },
                    },
                    "required": ["picture"],
                    "additionalProperties": False,
                }
            },
        },
    }
    return operation


def _query_parameter(parameter: Parameter) -> dict[str, Any]:
    schema = {**parameter.kind.schema}
    default = parameter.default
    if default is not None and (parameter.name != "background" or is_colour(default)):  # else the config names a file
        schema["default"] = [*default] if isinstance(default, tuple) else default
    described = {"name": parameter.name, "in": "query", "description": parameter.description, "schema": schema}
    return {**described, "style": "form", "explode": False} if schema.get("type") == "array" else described


def _raw_parameter(name: str) -> dict[str, Any]:
    what = "1 grey, 2 grey and alpha, 3 RGB, 4 RGBA, of 8 bits" if name == "Channels" else "in pixels"
    return {
        "name": f"X-{name}",
        "in": "header",
        "description": f"Of raw samples, all three of X-Width, X-Height, X-Channels: {what}.",
        "schema": _RAW_SIZE[name],
    }
