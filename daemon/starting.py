"""A resident engine is started: in a process of its own, or by the user's systemd; and waited for until it is ready."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from engine.client import Client
from engine.errors import BshmError, BusyError, EngineError, LostError, NotRunningError, system_reason

UNIT = "bshm-engine.socket"  # of the user's systemd

_NAP = 0.025
_SILENCE = 10.0  # seconds without a word from an engine
_PATIENCE = 120.0  # seconds until it is ready; a cold disk takes some for the networks
_REAPED = 40.0
_COMES = 1.0  # seconds in which an engine that was started comes to listen
_SYSTEMD = 10.0


@dataclass(frozen=True)
class Spawned:
    """An engine's process that was started here, and what it says on standard error until it is ready."""

    process: psutil.Popen
    said: IO[bytes]

    @property
    def complaint(self) -> str:
        """Its last sentence, without the full stop; nobody may be writing it any more."""
        self.said.seek(0)
        lines = self.said.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].rstrip(".") if lines else "it ended at once"


def own_command() -> list[str]:
    """The words that run this program from anywhere: `bshm` beside this Python, else its module."""
    program = Path(sys.executable).with_name("bshm")
    return [str(program)] if program.exists() else [sys.executable, "-m", "daemon"]


def spawn(config: Path | None, address: Path) -> Spawned:
    """Starts one that listens at this address and goes on when this process ends. Raises EngineError.

    It has a session of its own (Ctrl-C and a closed terminal are not for it), holds no folder that somebody may want to
    unmount, and writes to its log alone once it is ready. config: the file named on the command line.
    """
    words = [*own_command(), *(["--config", str(config.absolute())] if config else []), "engine", "--spawned"]
    environment = {**os.environ, "BSHM_SOCKET": str(address)}
    if named := environment.get("BSHM_CONFIG"):
        environment["BSHM_CONFIG"] = str(Path(named).absolute())
    said = os.fdopen(os.memfd_create("engine-start"), "w+b")
    try:
        process = psutil.Popen(
            words,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
    except (OSError, psutil.Error) as error:
        said.close()
        raise EngineError(
            "the engine could not be started", system_reason(error) if isinstance(error, OSError) else str(error)
        ) from error
    return Spawned(process, said)


def until_ready(spawned: Spawned, client: Client, nap: Callable[[float], bool]) -> bool:
    """Waits until it is ready. False where nap says so: it sleeps for some seconds, and says whether to give up.

    Raises EngineError with the engine's own sentence where it ended, and what Client.ready raises where it is silent
    or cannot work.
    """
    while not nap(_NAP):
        if spawned.process.poll() is not None:
            raise EngineError(spawned.complaint)
        with suppress(NotRunningError, BusyError):
            client.ready()
            return True
    return False


def in_the_background(config: Path | None, address: Path) -> None:
    """Makes sure that an engine is ready at this address, and leaves it running: the one that runs, or is starting;
    else one of the user's systemd where its unit listens there; else a process of its own.

    Raises EngineError, with the engine's own sentence where one was started here; that one is ended then.
    """
    client = Client(address, timeout=_SILENCE)
    with suppress(NotRunningError, LostError):
        client.wait_until_ready(_PATIENCE, gone=0)
        return
    if config is None and _systemd_listens(address):
        _by_systemd(client)
    else:
        _by_ourselves(config, address, client)


def _by_ourselves(config: Path | None, address: Path, client: Client) -> None:
    end = time.monotonic() + _PATIENCE

    def nap(seconds: float) -> bool:
        time.sleep(seconds)
        return time.monotonic() > end

    spawned = spawn(config, address)
    ready = False
    try:
        with spawned.said:
            ready = until_ready(spawned, client, nap)
    except EngineError:
        if spawned.process.poll() is None or not _another_is_ready(client):
            raise
        ready = True
    finally:
        if not ready:
            end_process(spawned.process, 0)
    if not ready:
        raise EngineError("the engine could not be started", f"it was not ready after {_PATIENCE:.0f} s")


def _another_is_ready(client: Client) -> bool:
    """Whether one has the place that was started at the same moment; it may come to listen only now."""
    with suppress(NotRunningError):
        client.wait_until_ready(_PATIENCE, gone=_COMES)
        return True
    return False


def end_process(process: psutil.Process, patience: float) -> None:
    """Ends an engine that was started here; pictures under way have as many seconds, 0 for none, to be finished."""
    with suppress(psutil.NoSuchProcess):
        if patience:
            process.terminate()
            with suppress(psutil.TimeoutExpired):
                process.wait(patience)
                return
        process.kill()
        process.wait(_REAPED)


def _systemd_listens(address: Path) -> bool:
    """Whether the user's manager runs, and has a unit that listens at this address; it may not be started yet."""
    try:
        shown = _systemctl("show", "--property=Listen", "--value", UNIT)
    except (OSError, subprocess.TimeoutExpired):  # there is no systemd
        return False
    return shown.returncode == 0 and f"{address} (Stream)" in shown.stdout.splitlines()


def _by_systemd(client: Client) -> None:
    remedy = "Look at: journalctl --user -u bshm-engine"
    try:
        started = _systemctl("start", UNIT)
    except subprocess.TimeoutExpired as error:
        raise EngineError("systemd could not start the engine", "systemctl does not answer", remedy) from error
    if started.returncode:
        raise EngineError("systemd could not start the engine", started.stderr.strip().rstrip("."), remedy)
    try:
        client.wait_until_ready(_PATIENCE, gone=_COMES)  # connecting is what starts it
    except BshmError as error:
        raise EngineError("systemd could not start the engine", error.what, remedy) from error


def _systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemctl", "--user", *words],
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=_SYSTEMD,
        check=False,
    )
