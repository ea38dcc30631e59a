"""Pictures cut out by the resident engine, where one runs that does the same as this process would."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from daemon.asking import asked_by
from daemon.batch import Begun, Loaded
from daemon.chosen import sent_background
from daemon.in_process import InProcess
from daemon.results import Results, Wanted
from daemon.terminal import complain
from engine.address import socket_path
from engine.client import Answer, Client
from engine.errors import (
    AccessError,
    BshmError,
    BusyError,
    ConfigError,
    DeviceError,
    EngineError,
    NetworkError,
    NotRunningError,
    RequestError,
)
from engine.settings import Settings
from engine.version import own_version

if TYPE_CHECKING:
    from types import TracebackType

# Pictures in flight: one is decoded, one is in the networks, one is encoded; the engine says when it has too many.
_AHEAD = 3
_LARGE = 64_000_000  # bytes of results; three pictures of less at once are no burden
_PATIENCE = 600.0  # seconds for which a picture is offered to an engine whose queue is full
_COMES_BACK = 10.0  # seconds; a service that fell answers again within these
_SILENCE = 10.0  # seconds until an engine that says nothing is asked whether it is alive, and then given up
_QUICKLY = 2.0  # seconds; the same for what is asked in passing
_STARTS = 30.0  # seconds; an engine that is starting is ready within these

_HERE = "Networks run in this process."


class Resident:
    """A Cutter: sends files to the resident engine. As a context manager it cancels what is under way at its end.

    An engine that ends or falls silent is waited for; its pictures are tried once more. Where it does not come back,
    they and all that follow are cut out in this process. device: where networks run, in words.
    """

    def __init__(self, address: Path, status: Mapping[str, Any], wanted: Wanted, priority: str) -> None:
        """status: what the engine said of itself. Raises PictureError where the background's file cannot be read."""
        self.device = f"{status['device']}, in the resident engine (pid {status['pid']})"
        self._client = Client(address, timeout=_SILENCE, patience=_PATIENCE)
        self._hasty = Client(address, timeout=_QUICKLY)
        self._wanted, self._priority = wanted, priority
        self._colour, self._behind = None, None
        if wanted.background is not None:
            self._colour, self._behind = sent_background(wanted.settings, wanted.background)
        self._jobs: set[str] = set()
        self._lock = Lock()
        self._instead: InProcess | None = None
        self._gone = False

    def __enter__(self) -> Resident:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with suppress(EngineError):  # an engine that is gone has nothing under way
            for job in tuple(self._jobs):
                with suppress(RequestError):  # it has ended
                    self._hasty.cancel(job)

    @property
    def ahead(self) -> int:
        """See Cutter."""
        return InProcess.ahead if self._gone else _AHEAD

    def begin(self, loaded: Loaded) -> Begun:
        """See Cutter: the engine does all of it. Raises what it says of the picture, and BusyError."""
        if not self._gone:
            try:
                answer = self._answer(loaded)
            except BusyError:
                raise
            except (EngineError, NetworkError, DeviceError) as error:  # its networks are of no use to any picture
                self._leave(error)
            else:
                large = sum(each.nbytes for each in answer.results.values()) > _LARGE
                return Begun(partial(Results, answer.report, answer.results.__getitem__), large)
        return self._in_process().begin(loaded)

    def _answer(self, loaded: Loaded) -> Answer:
        try:
            return self._sent(loaded)
        except (BusyError, AccessError):
            raise
        except EngineError:
            self._wait()
            return self._sent(loaded)

    def _wait(self) -> None:
        """Until the engine is back. Raises what it says of itself, and EngineError where it does not come."""
        try:
            self._client.wait_until_ready(_STARTS, gone=_COMES_BACK)
            obstacle = obstacle_of(self._client.status(), self._wanted.settings)
        except BusyError as error:
            raise EngineError("the resident engine does not come back", error.what) from None
        if obstacle:
            raise EngineError("the resident engine came back as another", obstacle)

    def _sent(self, loaded: Loaded) -> Answer:
        job = f"bshm-{os.getpid()}-{os.urandom(6).hex()}"
        wanted = self._wanted
        asked = asked_by(
            wanted.settings,
            loaded.want,
            name=loaded.name,
            job=job,
            priority=self._priority,
            background=self._colour,
            edge=wanted.edge,
            threshold=wanted.threshold,
            at=wanted.at,
        )
        self._jobs.add(job)
        try:
            return self._client.cut_out(loaded.data, asked, self._behind)
        finally:
            self._jobs.discard(job)

    def _leave(self, error: BshmError) -> None:
        with self._lock:
            if not self._gone:
                complain(f"{error} From here on, networks run in this process.")
            self._gone = True

    def _in_process(self) -> InProcess:
        with self._lock:
            if self._instead is None:
                try:
                    self._instead = InProcess(self._wanted)
                except (NetworkError, DeviceError) as error:  # the next picture would fare no better
                    what = "the resident engine is of no more use, and the networks do not run in this process either"
                    raise EngineError(what, str(error).rstrip(".")) from error
            return self._instead


def find_resident(wanted: Wanted, priority: str) -> Resident | None:
    """The running engine, where it does the same as this process would; else None, and why it is not used is said.

    priority: of its pictures, "interactive" or "batch".
    """
    try:
        address = socket_path(wanted.settings)
    except ConfigError:  # no socket can be at a path that is too long
        return None
    client = Client(address, timeout=_QUICKLY)
    try:
        starting = client.status().get("state") == "starting"
        client.wait_until_ready(_STARTS if starting else 0, gone=_COMES_BACK)
        status = client.status()
    except NotRunningError:
        return None
    except BshmError as error:  # also why its networks cannot be loaded
        remedy = "" if error.remedy else " See: bshm status."
        complain(f"The resident engine is not used: {error}{remedy} {_HERE}")
        return None
    obstacle = obstacle_of(status, wanted.settings)
    if obstacle:
        complain(f"The resident engine (pid {status.get('pid')}) is not used: {obstacle}. {_HERE}")
        return None
    return Resident(address, status, wanted, priority)


def obstacle_of(status: Mapping[str, Any], settings: Settings) -> str | None:
    """Why the engine would not do what this process does, as a phrase."""
    if status.get("version") != own_version():
        return f"it is version {status.get('version')}, and this is {own_version()}"
    return next(_differences(status.get("settings", {}), asdict(settings)), None)


def _differences(theirs: Mapping[str, Any], ours: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The settings that the engine names, since they decide results, and that are others here; each as a phrase."""
    for key, value in theirs.items():
        own = ours.get(key)
        if isinstance(value, dict) and isinstance(own, dict):
            yield from _differences(value, own, f"{above}{key}.")
        elif value != own:
            yield f"its setting '{above}{key}' is {value}, and here it is {own}"
