"""Results get their names: all of a picture's, once, also when a crash or a power cut comes in between.

First every result lies beside its place as a temporary file, whole and on the disk. Then the ledger says which of them
is to have which name. From then on, each step can be done again: a temporary file that is there has yet to get its
name; one that is not has got it, and is known again by its inode.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from daemon.outputs import move_to_free, unwritable
from daemon.terminal import shown
from daemon.watch.job import Output
from daemon.watch.scan import inode_of
from engine.errors import OutputError
from engine.folders import sync_folder


class TakenError(OutputError):
    """Something else has the name that a file was to have."""


class MissingError(OutputError):
    """A result is neither in its place nor beside it: somebody took it away."""


def temporary(ticket: str, folder: Path, kind: str) -> Path:
    """The name in a folder of a job's unfinished file. ticket: of the ledger and the job."""
    return folder / f".bshm-{ticket}-{kind}.part"


def write_temporary(path: Path, data: bytes | memoryview) -> int:
    """Writes a file, on the disk when this returns; what an earlier try left is written over. Its inode.

    Raises OutputError, of which DiskFullError is one.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with path.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            return inode_of(os.fstat(stream.fileno()))
    except OSError as error:
        discard([path])
        raise unwritable(path.parent, error) from error


def settle_folders(paths: Iterable[Path]) -> None:
    """Makes the names in the folders of these files last. Raises OutputError."""
    for folder in {path.parent for path in paths}:
        try:
            sync_folder(folder)
        except OSError as error:
            raise unwritable(folder, error) from error


def put_in_place(outputs: Iterable[Output], ticket: str) -> None:
    """Gives every temporary file its name, as far as it does not have it.

    Raises TakenError, MissingError, and other OutputErrors.
    """
    outputs = tuple(outputs)
    for each in outputs:
        try:
            _put(each, temporary(ticket, each.path.parent, each.kind))
        except FileExistsError:
            raise TakenError(f"{shown(each.path)}: exists already", "it came while the picture was cut out") from None
        except OSError as error:
            raise unwritable(each.path, error) from error
    settle_folders(each.path for each in outputs)


def take_back(outputs: Iterable[Output], ticket: str) -> None:
    """Removes what a job has written, under whatever name. Raises OutputError."""
    for each in outputs:
        try:
            temporary(ticket, each.path.parent, each.kind).unlink(missing_ok=True)
            if is_there(each):
                each.path.unlink()
        except OSError as error:
            raise unwritable(each.path, error) from error


def is_there(output: Output) -> bool:
    """Whether the file that was written has its name, and no other file. Raises OSError."""
    try:
        return inode_of(output.path.lstat()) == output.inode
    except FileNotFoundError:
        return False


def discard(paths: Iterable[Path]) -> None:
    """Removes temporary files, as far as that can be done: the next try writes over them."""
    for each in paths:
        try:
            each.unlink(missing_ok=True)
        except OSError:  # the folder is out of reach, for them all or for this one
            continue


def _put(output: Output, part: Path) -> None:
    if not os.path.lexists(part):
        if not is_there(output):
            raise MissingError(f"{shown(output.path)}: not there", "somebody took it away while it was written")
    elif is_there(output):  # it has both names: a crash came between the two steps
        part.unlink()
    elif output.replaces:
        part.replace(output.path)
    else:
        move_to_free(part, output.path)
