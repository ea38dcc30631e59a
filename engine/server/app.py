"""The paths of the engine and what each does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.dispatcher import Dispatcher
from engine.errors import BshmError, FaultError, RequestError
from engine.jobs import Job, Results
from engine.logs import fields
from engine.memory import budget_bytes
from engine.models.store import Store
from engine.pictures.refusals import check_points
from engine.queue import PRIORITIES
from engine.server.answers import COMMON, answer, problem
from engine.server.bodies import Body, ClientGone, receive_body
from engine.server.body_headers import says_selection
from engine.server.colours import is_colour
from engine.server.metrics import Metrics
from engine.server.openapi import document
from engine.server.parameters import JobRequest, read_query, read_request, shown
from engine.server.status import Record, job_record, models, readiness, status
from engine.types import Size
from engine.version import own_version
from engine.worker.order import Order

_log = logging.getLogger("bshm.engine")


@dataclass(frozen=True)
class Collaborators:
    """What the paths work with."""

    dispatcher: Dispatcher
    record: Record
    metrics: Metrics


def make_app(collaborators: Collaborators) -> ASGIApp:
    """The engine as an ASGI application."""
    dispatcher = collaborators.dispatcher

    async def alive(_: Request) -> Response:
        return _json({"state": "alive"})

    async def ready(_: Request) -> Response:
        code, content = readiness(dispatcher)
        return _json(content, code)

    async def show_status(_: Request) -> Response:
        return _json(status(dispatcher, collaborators.record, budget_bytes(dispatcher.settings)))

    async def show_models(_: Request) -> Response:
        return _json(await asyncio.to_thread(models, dispatcher, Store()))

    async def show_metrics(_: Request) -> Response:
        content, media_type = collaborators.metrics.render()
        return Response(content, media_type=media_type)

    async def describe(_: Request) -> Response:
        return _json(document(dispatcher.settings, own_version()))

    async def one_job(request: Request) -> Response:
        job = dispatcher.jobs.find(request.path_params["job"])
        if request.method != "DELETE":
            return _json(job_record(dispatcher, job))
        if not job.active:
            raise RequestError(f"job '{job.name}' has ended already", f"it is {job.state}", status=409)
        dispatcher.cancel(job)
        return _json(job_record(dispatcher, job), 202)

    app = Starlette(
        routes=[
            Route("/v1/cutout", _CutOut(collaborators), methods=["POST"]),
            Route("/v1/jobs/{job}", one_job, methods=["GET", "DELETE"]),
            Route("/v1/status", show_status, methods=["GET"]),
            Route("/v1/models", show_models, methods=["GET"]),
            Route("/healthz", alive, methods=["GET"]),
            Route("/readyz", ready, methods=["GET"]),
            Route("/metrics", show_metrics, methods=["GET"]),
            Route("/openapi.json", describe, methods=["GET"]),
        ],
        exception_handlers={BshmError: _refuse, HTTPException: _refuse_http, Exception: _confess},
    )
    app.router.redirect_slashes = False  # a path that there is not is a problem, not another address
    return app


class _CutOut:
    """POST /v1/cutout, from the query to the last byte of the answer."""

    def __init__(self, collaborators: Collaborators) -> None:
        self._with = collaborators

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        dispatcher, request = self._with.dispatcher, Request(scope)
        priority = PRIORITIES[0]  # of one that cannot be read
        try:
            selected = says_selection(request.headers)
            asked = read_request(read_query(scope["query_string"]), dispatcher.settings, selected=selected)
            priority = asked.priority
            job = dispatcher.open(asked.job, asked.priority, asked.deadline)
        except BshmError as error:
            self._with.record.add("refused", priority, error)
            raise
        try:
            response = await self._answer(job, asked, request, receive)
            await response(scope, receive, send)
        except ClientGone:
            _log.info("the client is gone", extra=fields(job=job.name, stage=job.stage))
        finally:
            dispatcher.close(job)

    async def _answer(self, job: Job, asked: JobRequest, request: Request, receive: Receive) -> Response:
        """The answer with the job's results, or with its error. Raises ClientGone."""
        dispatcher = self._with.dispatcher
        try:
            reserve = partial(dispatcher.jobs.reserve, job)
            receiving = receive_body(receive, request.headers, dispatcher.settings.limits, reserve)
            body = await _unless_ended(job, receiving)
            dispatcher.enter(job, _order(asked, body), body.shared)
            results = await _unless_gone(job, receive)
        except BshmError as error:
            dispatcher.cancel(job, error)
            return problem(error, job.name)
        dispatcher.jobs.add(job, results.shared.size)  # clients that read slowly fill the queue, not the memory
        several = len(asked.want) > 1 or "multipart/mixed" in request.headers.get("accept", "")
        return answer(results.shared, results.parts, job.name, several=several)


def _order(asked: JobRequest, body: Body) -> Order:
    """Raises RequestError for points outside of raw pixels; other pictures' sizes are not known yet."""
    name = asked.name or "the picture"
    if body.raw:
        check_points(asked.options.at, Size(body.raw.width, body.raw.height), name, RequestError)
    return Order(
        name=name,
        picture=body.picture,
        raw=body.raw,
        want=asked.want,
        format=asked.format,
        matte_bits=asked.matte_bits,
        background=body.background or (asked.background if is_colour(asked.background) else None),
        options=asked.options,
        urgent=asked.priority == "interactive",
        selection=body.selection,
    )


async def _unless_ended(job: Job, receiving: Awaitable[Body]) -> Body:
    """The body, unless the job ends while it comes: cancelled, or past its deadline."""
    task = asyncio.ensure_future(receiving)
    try:
        await _first_of(task, job.answer)
        if task.done():
            return task.result()
        job.answer.result()  # raises why it ended
        raise FaultError(f"job '{job.name}' had its results before its picture")
    finally:
        task.cancel()


async def _unless_gone(job: Job, receive: Receive) -> Results:
    """The job's results, unless the client hangs up before they are there."""
    gone = asyncio.ensure_future(_hung_up(receive))
    try:
        await _first_of(gone, job.answer)
        if job.answer.done():
            return job.answer.result()
        raise ClientGone
    finally:
        gone.cancel()


async def _first_of(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _json(content: Mapping[str, Any], status: int = 200) -> Response:
    return JSONResponse(content, status, COMMON)


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, BshmError)  # noqa: S101  # registered for it
    return problem(error, None)


async def _refuse_http(request: Request, error: Exception) -> Response:
    """Paths and methods that there are not."""
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for it
    path = shown(request.scope["path"])
    if error.status_code == 405:
        allow = (error.headers or {}).get("Allow", "")
        why = RequestError(f"{path} does not take {request.method[:20]}", f"it takes {allow}", status=405)
        response = problem(why, None)
        response.headers["Allow"] = allow
        return response
    return problem(RequestError(f"{path}: there is no such path", "see /openapi.json", status=error.status_code), None)


async def _confess(_: Request, error: Exception) -> Response:
    """The log has the traceback: uvicorn hands it there."""
    what = "the engine failed on this request"
    return problem(FaultError(what, f"a fault of this program, {type(error).__name__}; see the engine's log"), None)
