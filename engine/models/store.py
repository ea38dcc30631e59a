"""The store: a folder with the networks' ONNX files, none of which is handed out before its hash was checked."""

from __future__ import annotations

import hashlib
import os
from enum import StrEnum
from pathlib import Path

from filelock import FileLock

from engine.errors import NetworkError, system_reason
from engine.folders import networks_folder, sync_folder
from engine.models.catalogue import Network


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
        """The network's file, its size and SHA-256 just checked. Raises NetworkError where it is missing or damaged."""
        file = self.folder / network.file
        state = self.state(network)
        if state is State.MISSING:
            raise NetworkError(f"{network.name}: the network is not installed", f"{file} is missing", _pull(network))
        if state is State.DAMAGED:
            raise NetworkError(
                f"{network.name}: the network's file is damaged",
                f"{file} is not the {network.size} bytes that the catalogue's SHA-256 stands for",
                _pull(network),
            )
        return file

    def state(self, network: Network) -> State:
        """What the file is now; reads all of it. Raises NetworkError where it cannot be read."""
        file = self.folder / network.file
        try:
            with file.open("rb") as stream:
                fits = os.fstat(stream.fileno()).st_size == network.size
                fits = fits and hashlib.file_digest(stream, "sha256").hexdigest() == network.sha256
        except FileNotFoundError:
            return State.MISSING
        except OSError as error:
            raise NetworkError(f"{file}: the network cannot be read", system_reason(error)) from error
        return State.INSTALLED if fits else State.DAMAGED

    def put(self, network: Network, content: bytes) -> Path:
        """Writes the network's file so that it is there whole or not at all, and returns its path.

        Raises NetworkError where the content is not the catalogue's, or the folder cannot be written.
        """
        if len(content) != network.size or hashlib.sha256(content).hexdigest() != network.sha256:
            raise NetworkError(f"{network.name}: not the catalogue's file", "its size or SHA-256 is another")
        file = self.folder / network.file
        unfinished = self.folder / f".{network.file}.unfinished"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / ".lock"):
                try:
                    with unfinished.open("wb") as stream:
                        stream.write(content)
                        stream.flush()
                        os.fsync(stream.fileno())
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
        return file

    def remove(self, network: Network) -> bool:
        """Deletes the network's file; False where there was none. Raises NetworkError where that fails."""
        file = self.folder / network.file
        try:
            file.unlink()
            sync_folder(self.folder)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise NetworkError(f"{file}: the network cannot be removed", system_reason(error)) from error
        return True


def _pull(network: Network) -> str:
    return f"Run: bshm models pull {network.name}"
