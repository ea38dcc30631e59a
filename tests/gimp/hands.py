"""What happens to engines and plug-ins from outside, while checks run inside GIMP."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread

import psutil

from tests.engine.server.live import Live, until
from tests.gimp.running import PLUG_IN


class Hands:
    """Each acts when the check begins that it belongs to: the file `now` has its name.

    doomed: an engine that is killed. stuck: one whose queue holds a single picture. cancelled: how many jobs it had
    cancelled by the end of a check.
    """

    def __init__(self, now: Path, doomed: Live, stuck: Live, photo: bytes) -> None:
        self._now, self._doomed, self._stuck, self._photo = now, doomed, stuck, photo
        self.cancelled: dict[str, int] = {}

    def __call__(self, gimp: subprocess.Popen[str]) -> None:
        acts: dict[str, Callable[[], None]] = {
            "the engine falls silent": self._silence_the_engine,
            "the engine is killed": self._kill_the_engine,
            "cancelled by SIGTERM": partial(self._cancel, gimp, signal.SIGTERM),
            "cancelled by SIGKILL": partial(self._cancel, gimp, signal.SIGKILL),
            "busy for a while": self._make_room,
        }
        with _worker_stopped(self._doomed), _worker_stopped(self._stuck):
            for check, act in acts.items():
                until(partial(self._begun, check, gimp), seconds=90, nap=0.05)
                if gimp.poll() is None:
                    act()
                    self.cancelled[check] = self._stuck.status()["counts"]["cancelled"]

    def _begun(self, check: str, gimp: subprocess.Popen[str]) -> bool:
        return gimp.poll() is not None or (self._now.exists() and self._now.read_text(encoding="ascii") == check)

    def _silence_the_engine(self) -> None:
        """Until the plug-in has given it up."""
        until(lambda: self._doomed.status()["jobs"])
        self._doomed.signal(signal.SIGSTOP)
        until(lambda: self._now.read_text(encoding="ascii") != "the engine falls silent")
        self._doomed.signal(signal.SIGCONT)

    def _kill_the_engine(self) -> None:
        until(lambda: self._doomed.status()["jobs"])
        self._doomed.signal(signal.SIGKILL)

    def _cancel(self, gimp: subprocess.Popen[str], number: int) -> None:
        """GIMP itself kills a plug-in whose progress bar is cancelled."""
        until(lambda: self._stuck.status()["jobs"])
        for each in psutil.Process(gimp.pid).children(recursive=True):
            if f"{PLUG_IN.name}.py" in " ".join(each.cmdline()):
                each.send_signal(number)
        until(lambda: not self._stuck.status()["jobs"])

    def _make_room(self) -> None:
        """The one place is taken, the plug-in is refused, and then the picture in that place is done."""
        other = Thread(target=self._stuck.cut_out, args=(self._photo,), kwargs={"priority": "batch"})
        other.start()
        until(lambda: self._stuck.status()["jobs"])
        self._now.with_name("go").touch()
        until(lambda: self._stuck.status()["counts"]["refused"])
        self._stuck.worker.resume()
        other.join()


@contextmanager
def _worker_stopped(engine: Live) -> Iterator[None]:
    """So that what is under way stays so."""
    worker = engine.worker
    worker.suspend()
    yield
    if worker.is_running():
        worker.resume()
