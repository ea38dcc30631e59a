"""From the words on the command line to the pictures they mean: files, folders walked, addresses."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.terminal import shown
from engine.errors import NotAPictureError, PictureError
from engine.pictures import files as plain_files
from engine.pictures.files import cannot_be_read, not_a_file
from engine.settings import Limits

# Files taken from a folder; a file that is named itself is tried whatever its suffix. Not one format each: .jfif and
# .jpe are what Windows calls some JPEGs, .hif is Canon's and Sony's HEIF.
SUFFIXES = frozenset(
    f".{each}"
    for family in (
        ("jpg", "jpeg", "jpe", "jfif", "mpo"),
        ("png", "apng", "webp", "gif", "bmp", "dib"),
        ("tif", "tiff", "heic", "heif", "hif", "avif"),
        ("ppm", "pgm", "pbm", "pnm"),
    )
    for each in family
)
_RESULT = re.compile(r".\.((cutout|matte|composite)\.(png|webp|tiff?|jpe?g)|report\.json)\Z", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True)
class FileInput:
    """A picture on the disk. below: the folder below -o that its results go to, "." for a file that was named."""

    path: Path
    below: Path

    @property
    def entry(self) -> Path:
        """The one path of this name in its folder: links on the way followed, a link at the end not."""
        return self.path.parent.resolve() / self.path.name

    @property
    def name(self) -> str:
        """For sentences."""
        return shown(self.path)


@dataclass(frozen=True)
class LinkInput:
    """A picture by address, which may hold a password: show it without its user."""

    address: str


@dataclass(frozen=True)
class Found:
    """What the words mean, in their order. problems: words and files that no picture can come from.

    results: how many files were named that are left out because they are results of earlier runs.
    others: how many files in folders are no pictures by their names, by the end of the name (".txt").
    """

    inputs: tuple[FileInput | LinkInput, ...]
    problems: tuple[PictureError, ...]
    results: int
    others: Mapping[str, int]


@dataclass(frozen=True)
class _Other:
    """A file in a folder that is no picture by its name."""

    suffix: str


_Meant = FileInput | LinkInput | PictureError | _Other


def without_user(address: str) -> str:
    """The address as it may be shown and logged: neither user nor password."""
    return re.sub(r"^([^:/?#]+://)[^/?#]*@", r"\1", address)


def is_result(name: str) -> bool:
    """True for the names that this program gives to its results, which are never taken for inputs."""
    return bool(_RESULT.search(name))


def is_picture_name(name: str) -> bool:
    """True for the names that are taken from a folder: with a picture's suffix, neither hidden nor a result."""
    return not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES and not is_result(name)


def find_inputs(words: Sequence[str], output: Path | None) -> Found:
    """Files as they are named, folders walked in the order of names. Opens no file.

    Hidden files and folders, the output folder inside a walked one and results of earlier runs are left out.
    Symbolic links are followed, each folder once.
    """
    inputs: dict[tuple[str, str], FileInput | LinkInput] = {}
    problems: list[PictureError] = []
    results = 0
    others: Counter[str] = Counter()
    for word in words:
        for each in _meant_by(word, output):
            match each:
                case PictureError():
                    problems.append(each)
                case FileInput() if is_result(each.path.name):
                    results += 1
                case FileInput():
                    inputs.setdefault((str(each.entry), str(each.below)), each)
                case LinkInput():
                    inputs.setdefault((each.address, ""), each)
                case _Other():
                    others[each.suffix] += 1
    return Found(tuple(inputs.values()), tuple(problems), results, others)


def read_file(path: Path, limits: Limits) -> bytes:
    """All bytes of a picture's file. Raises PictureError; never waits for a pipe or a device."""
    return plain_files.read_file(path, limits, shown(path))


def _meant_by(word: str, output: Path | None) -> Iterator[_Meant]:
    if _ADDRESS.match(word) and not os.path.lexists(word):
        yield LinkInput(word)
        return
    path = Path(word)
    try:
        status = os.stat(word)  # noqa: PTH116  # Path("") would be the current folder
    except (OSError, ValueError) as error:
        yield cannot_be_read(shown(word) if word else "''", error)
        return
    if not stat.S_ISDIR(status.st_mode):
        yield FileInput(path, Path()) if stat.S_ISREG(status.st_mode) else not_a_file(shown(word), status.st_mode)
        return
    empty = True
    for each in _walk(path, output):
        empty = empty and isinstance(each, _Other)
        yield each
    if empty:
        yield NotAPictureError(f"{shown(word)}: no pictures in this folder")


def _walk(top: Path, output: Path | None) -> Iterator[FileInput | PictureError | _Other]:
    problems: list[OSError] = []
    entered = {_identity(output)} - {_identity(top)} if output else set()
    for folder, folders, files in os.walk(top, followlinks=True, onerror=problems.append):
        yield from (cannot_be_read(shown(each.filename), each) for each in problems)
        problems.clear()
        identity = _identity(Path(folder))
        if identity in entered:  # a link that leads back, or the output folder
            folders.clear()
            continue
        entered.add(identity)
        folders[:] = sorted((each for each in folders if not each.startswith(".")), key=os.fsencode)
        below = Path(folder).relative_to(top)
        for name in sorted(files, key=os.fsencode):
            if is_picture_name(name):
                yield _in_folder(Path(folder) / name, below)
            elif not name.startswith(".") and not is_result(name):
                yield _Other(Path(name).suffix.lower())
    yield from (cannot_be_read(shown(each.filename), each) for each in problems)


def _in_folder(path: Path, below: Path) -> FileInput | PictureError:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return cannot_be_read(shown(path), error)
    return FileInput(path, below) if stat.S_ISREG(mode) else not_a_file(shown(path), mode)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:  # an output folder that is not there yet
        return None
    return status.st_dev, status.st_ino
