"""All of `bshm watch` put together: a thread for each hot folder that sees, a pool that works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal

from daemon.outputs import unwritable
from daemon.terminal import shown
from daemon.watch.display import Display
from daemon.watch.engine import Engine
from daemon.watch.hints import Hint, Hints, UnwatchedError
from daemon.watch.hot_folder import HotFolder
from daemon.watch.intake import Intake
from daemon.watch.ledger import Ledger
from daemon.watch.means import Means
from daemon.watch.naming import Names
from daemon.watch.pool import Pool
from daemon.watch.written import Written
from engine.errors import BshmError, EngineError, OutputError
from engine.folders import named_folder
from engine.settings import Settings

Order = Literal["stop", "reload"]

# Pictures under way at once: enough that the engine decodes one, runs networks on one and encodes one.
_AT_ONCE = 4
_TRIES = 3  # of what fails for reasons that may pass: so often it is tried before all counts as done without it
_ENDS_WITHIN = 10.0  # seconds that a result may take to be written when this ends
_HANGS = 1.0  # seconds until a folder is left to itself that does not answer
_LOOK = 0.1  # seconds between two looks at whether all is done
# Seconds after which a signal is heard that the kernel gave to another thread, as it may while one is started: that
# does not wake the main thread, in which Python runs the handler (signal(7); Python's documentation of signal).
_DEAF = 1.0
_DAY = 86_400.0  # seconds
_REMEMBERED = 90 * _DAY  # seconds for which the ledger knows what was done


@dataclass(frozen=True)
class Config:
    """What the config file says, checked."""

    settings: Settings
    folders: tuple[HotFolder, ...]


class Watcher:
    """Watches until it is told to stop by an order in the queue, which signal handlers may fill."""

    def __init__(
        self,
        load: Callable[[], Config],
        config: Path | None,
        ledger: Ledger,
        display: Display,
        orders: SimpleQueue[Order],
    ) -> None:
        """load: reads the config file anew; config: the file that was named on the command line. Raises what load
        raises."""
        self._load, self._ledger, self._display, self._orders = load, ledger, display, orders
        self._config = load()
        settings = self._config.settings
        self._engine = Engine(settings, config, display.warned)
        self._written = Written()
        names = Names(ledger.writer_of)
        means = Means(ledger, names, self._written, self._engine.client, self._look_at, display.warned)
        self._pool = Pool(means, self._engine, display, _AT_ONCE)
        self._hints = Hints(self._deliver)
        self._intakes: dict[Path, Intake] = {}
        self._stopping = threading.Event()

    def make_folders(self) -> None:
        """Makes the hot folders that are missing below the user's own; others may be mounts that come later."""
        own = (Path.home(), named_folder("~/BSHM"))
        for each in self._config.folders:
            if not each.watch.exists() and any(each.watch.is_relative_to(top.resolve()) for top in own):
                try:
                    each.watch.mkdir(parents=True)
                except OSError as error:
                    raise unwritable(each.watch, error) from error

    def run(self, is_done: Callable[[], bool] | None = None) -> None:
        """Until the order to stop, or until this is true; it is asked again and again."""
        self._forget()
        threads = [
            threading.Thread(target=self._greet, daemon=True),
            threading.Thread(target=self._pool.run, daemon=True),
        ]
        try:
            self._start_hints()
            self._serve(self._config.folders)
            self._pool.resume()
            for each in threads:
                each.start()
            trimmed = time.monotonic()
            while True:
                try:
                    order = self._orders.get(timeout=_LOOK if is_done else _DEAF)
                except Empty:
                    if is_done and is_done():
                        break
                    if time.monotonic() - trimmed > _DAY:
                        self._forget()
                        trimmed = time.monotonic()
                    continue
                if order == "stop":
                    break
                self._reload()
        finally:
            self._end()

    def _end(self) -> None:
        """Finishes what is under way, unless that takes long or somebody orders the stop once more."""
        self._stopping.set()
        self._pool.stop()
        for intake in self._intakes.values():
            intake.stop()
        for intake in self._intakes.values():
            intake.join(_HANGS)
        self._hints.stop()
        if under_way := self._pool.under_way:
            self._display.said(
                f"Stopping: {under_way} under way, {_ENDS_WITHIN:g} s at most. Ctrl-C again ends at once."
            )
        end = time.monotonic() + _ENDS_WITHIN
        hurry = False
        while self._pool.under_way and time.monotonic() < end and not hurry:
            self._pool.wait(_LOOK)
            hurry = self._is_hurried()
        self._engine.close(at_once=hurry or self._pool.under_way > 0)
        left = self._pool.left
        self._display.said("Stopped." + (f" Waiting for the next start: {left}." if left else ""))

    def _is_hurried(self) -> bool:
        with suppress(Empty):
            return self._orders.get_nowait() == "stop"
        return False

    def all_done(self) -> bool:
        """Whether nothing is left to do but what has to wait for something."""
        return all(each.is_settled for each in self._intakes.values()) and self._pool.idle(_TRIES)

    @property
    def failed(self) -> int:
        """How many pictures failed since the start."""
        return self._pool.failed

    @property
    def left(self) -> int:
        """How many pictures wait."""
        return self._pool.left

    def _forget(self) -> None:
        """Keeps the ledger from growing for ever; one that cannot be written now is no reason to end."""
        try:
            self._ledger.forget(time.time() - _REMEMBERED)
        except OutputError as error:
            self._display.warned(str(error), error)

    def _greet(self) -> None:
        """Says what is watched and what the networks run on; so the engine is warm before the first picture comes."""
        for each in self._config.folders:
            self._display.said(f"Watching {shown(each.watch)}; results go to {shown(each.output)}.")
        if self._engine.wait(self._stopping):
            with suppress(EngineError):  # it has gone again: the first picture has it started anew, and says so
                self._display.said(self._engine.described())
            self._compare()

    def _compare(self) -> None:
        """Says where the engine does not do what the config file says."""
        with suppress(EngineError):  # the next one that is there is asked again
            if obstacle := self._engine.obstacle(self._config.settings):
                self._display.warned(f"The engine is used, but {obstacle}. Start it anew.")

    def _start_hints(self) -> None:
        try:
            self._hints.start()
        except UnwatchedError as error:
            self._display.warned(f"{error} Until then folders are scanned more often.", error)

    def _serve(self, folders: Sequence[HotFolder]) -> None:
        """These folders are watched from now on, and no others."""
        self._pool.serve(folders, self._config.settings.watch.settle)
        wanted = {each.watch: each for each in folders}
        for path, intake in list(self._intakes.items()):
            if wanted.get(path) != intake.folder:
                del self._intakes[path]
                intake.stop()
                intake.join(_HANGS)  # so that it does not ask for hints again
                self._hints.unwatch(intake.folder)
        for path, folder in wanted.items():
            if path not in self._intakes:
                intake = Intake(
                    folder,
                    self._config.settings.watch,
                    self._ledger,
                    self._hints,
                    self._display,
                    self._pool.wake,
                )
                self._intakes[path] = intake
                intake.start()

    def _reload(self) -> None:
        try:
            self._config = self._load()
        except BshmError as error:
            self._display.warned(f"{error} The settings stay as they were.")
            return
        self._written.forget()  # whoever has moved a disk and says so means it
        self._serve(self._config.folders)
        for each in self._config.folders:
            self._display.said(f"The config file was read again. Watching {shown(each.watch)}.")
        if sentence := self._engine.reload(self._config.settings):
            self._display.warned(sentence)
        self._compare()

    def _deliver(self, hint: Hint) -> None:
        if intake := self._intakes.get(hint.folder.watch):
            intake.put(hint)

    def _look_at(self, folder: HotFolder, name: str) -> None:
        if intake := self._intakes.get(folder.watch):
            intake.look(name)
