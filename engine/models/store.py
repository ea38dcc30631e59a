"""The store: a folder with the networks' files, none of which is handed out before its hash was checked.

Most networks have one file, which the catalogue pins. One of which nobody publishes a hash (BSHM) may have two, the
graph that a user brought and the ONNX file made of it; they are pinned as they are accepted first (engine.models.pins).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from engine.errors import NetworkError, system_reason
from engine.folders import networks_folder, sync_folder
from engine.models.catalogue import Network
from engine.models.pins import CATALOGUE, Pin, read_pins, write_pins


class State(StrEnum):
    """How a network's file is found."""

    MISSING = "missing"
    DAMAGED = "damaged"
    INSTALLED = "installed"


class Store:
    """The networks of one folder (default: the user's)."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or networks_folder()

    def path(self, network: Network) -> Path:
        """The file to run, its size and SHA-256 just checked: the ONNX file where it is there and whole, else the
        graph.

        Raises NetworkError where there is none, or it is damaged.
        """
        name, state = self._best(network)
        file = self.folder / name
        if state is State.MISSING:
            raise NetworkError(f"{network.name}: the network is not installed", f"{file} is missing", _pull(network))
        if state is State.DAMAGED:
            raise self.damage(network, name)
        return file

    def state(self, network: Network) -> State:
        """What the file to run is now; reads all of it. Raises NetworkError where it cannot be read."""
        return self._best(network)[1]

    def damage(self, network: Network, name: str) -> NetworkError:
        """What to say of a file that is damaged."""
        file, pin = self.folder / name, self.pin(network, name)
        wanted = f"{pin.size} bytes that {pin.owner} SHA-256 stands for" if pin else "file that was accepted"
        what = f"{network.name}: the network's file is damaged"
        return NetworkError(what, f"{file} is not the {wanted}", _mending(network, name))

    def file_state(self, network: Network, name: str) -> State:
        """The same of one of the network's files, by its name."""
        file, pin = self.folder / name, self.pin(network, name)
        try:
            with file.open("rb") as stream:
                fits = pin is not None and os.fstat(stream.fileno()).st_size == pin.size
                fits = fits and pin is not None and hashlib.file_digest(stream, "sha256").hexdigest() == pin.sha256
        except FileNotFoundError:
            return State.MISSING
        except OSError as error:
            raise NetworkError(f"{file}: the network cannot be read", system_reason(error)) from error
        return State.INSTALLED if fits else State.DAMAGED

    def pin(self, network: Network, name: str) -> Pin | None:
        """What one of the network's files must be; None: nothing of that name was accepted yet."""
        if network.sha256 is not None and network.size is not None:
            return Pin(network.sha256, network.size, CATALOGUE)
        return read_pins(self.folder).get(name)

    def put(self, network: Network, content: bytes) -> Path:
        """Writes the file of a network that the catalogue pins, and returns its path.

        Raises NetworkError where the content is not the catalogue's, or the folder cannot be written.
        """
        if len(content) != network.size or hashlib.sha256(content).hexdigest() != network.sha256:
            raise NetworkError(f"{network.name}: not the catalogue's file", "its size or SHA-256 is another")
        with self._writing(network.file) as stream:
            stream.write(content)
        return self.folder / network.file

    def fit_to_accept(self, network: Network, name: str, file: Path, source: str) -> Pin:
        """What a file would be pinned as. Raises NetworkError where another of that name was accepted before."""
        found, before = _pin_of(file, source), self.pin(network, name)
        if before is not None and (before.sha256, before.size) != (found.sha256, found.size):
            raise NetworkError(
                f"{network.name}: another file than the one that was accepted first",
                f"its SHA-256 is {found.sha256}; that of {before.source} was {before.sha256}",
                f"If you trust the new one, run: bshm models remove {network.name}; and then this again",
            )
        return found

    def accept(self, network: Network, name: str, file: Path, source: str, *, replacing: bool = False) -> Pin:
        """Copies one of the files of a network that the catalogue does not pin, and pins it.

        source: where it came from. replacing: whatever was accepted under that name before. Raises NetworkError where
        that was another file, or the folder cannot be written.
        """
        accepted: list[Pin] = []

        def judge(copy: Path) -> Pin:
            """Of the copy, under the lock: the file may change meanwhile, and another process may accept one."""
            pin = _pin_of(copy, source) if replacing else self.fit_to_accept(network, name, copy, source)
            accepted.append(pin)
            return pin

        try:
            stream = file.open("rb")
        except OSError as error:
            raise NetworkError(f"{file}: cannot be read", system_reason(error)) from error
        with stream, self._writing(name, judge) as writing:
            shutil.copyfileobj(stream, writing)
        return accepted[0]

    def remove(self, network: Network) -> bool:
        """Deletes the network's files and pins; False where there was none. Raises NetworkError where that fails."""
        removed = False
        for file in (self.folder / name for name in names_of(network)):
            try:
                file.unlink()
                removed = True
            except FileNotFoundError:
                continue
            except OSError as error:
                raise NetworkError(f"{file}: the network cannot be removed", system_reason(error)) from error
        try:
            if network.sha256 is None and self.folder.is_dir():
                with FileLock(self.folder / ".lock"):
                    pins = read_pins(self.folder)
                    write_pins(self.folder, {name: pin for name, pin in pins.items() if name not in names_of(network)})
            if removed:
                sync_folder(self.folder)
        except OSError as error:
            raise NetworkError(f"{self.folder}: the store cannot be written", system_reason(error)) from error
        return removed

    def _best(self, network: Network) -> tuple[str, State]:
        """Of the network's files the first that is as it should be; else the first that is there; else the first."""
        found: list[tuple[str, State]] = []
        for name in names_of(network):
            found.append((name, self.file_state(network, name)))
            if found[-1][1] is State.INSTALLED:
                return found[-1]
        return next((each for each in found if each[1] is State.DAMAGED), found[0])

    @contextmanager
    def _writing(self, name: str, judge: Callable[[Path], Pin] | None = None) -> Iterator[BinaryIO]:
        """A file that takes its place in the store, whole, when the block ends. Raises NetworkError.

        judge: says, of the file before it does so, what it is to be pinned as, or raises.
        """
        file, unfinished = self.folder / name, self.folder / f".{name}.unfinished"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / ".lock"):
                try:
                    with unfinished.open("wb") as stream:
                        yield stream
                        stream.flush()
                        os.fsync(stream.fileno())
                    if judge:  # the pin before its file: one that has no pin is taken for damaged
                        write_pins(self.folder, {**read_pins(self.folder), name: judge(unfinished)})
                    unfinished.replace(file)
                finally:
                    unfinished.unlink(missing_ok=True)
                sync_folder(self.folder)
        except OSError as error:
            raise NetworkError(
                f"{file}: the network cannot be written",
                system_reason(error),
                "Make room or mend the folder's permissions",
            ) from error


def names_of(network: Network) -> tuple[str, ...]:
    """The files that a network may have in the store, the one to run first."""
    return (network.file, network.graph) if network.graph else (network.file,)


def _pin_of(file: Path, source: str) -> Pin:
    try:
        with file.open("rb") as stream:
            return Pin(hashlib.file_digest(stream, "sha256").hexdigest(), os.fstat(stream.fileno()).st_size, source)
    except OSError as error:
        raise NetworkError(f"{file}: cannot be read", system_reason(error)) from error


def _pull(network: Network) -> str:
    return f"Run: bshm models pull {network.name}"


def _mending(network: Network, name: str) -> str:
    """What brings a damaged file back. Nothing does for an ONNX file that was imported, but the file itself."""
    if network.graph is None or name == network.graph:
        return _pull(network)
    return f"Run: bshm models convert {network.name}; or import it again"
