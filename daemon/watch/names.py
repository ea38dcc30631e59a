"""Which names are taken from a hot folder. Pure: nothing here looks at the disk."""

from __future__ import annotations

import fnmatch
import functools
import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from daemon.inputs import is_picture_name

_SHORTCUTS = frozenset({".url", ".desktop", ".webloc"})
# What programs append to the name of a file that they have not finished: Firefox, KDE and curl's scripts; Lynx and
# Internet Explorer; Chrome; Safari; Opera; WinSCP and FileZilla; aria2, which keeps its list of missing pieces so;
# uTorrent; qBittorrent; Resilio.
_UNFINISHED = (
    *(".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart"),
    *(".aria2", ".!ut", ".!qb", ".!sync", ".tmp", ".temp"),
)
# Firefox saves photo.jpg in photo.Xy12AbCd.jpg.part, beside an empty photo.jpg that keeps the name.
_SALT = r"[A-Za-z0-9_-]{8}"
# Folders of waste bins, of indexers' and photo programs' small copies, of snapshots; without regard to case. Names
# that begin with a dot (.Trash-1000, .@__thumb, .thumbnails) need no line here.
_NOT_ENTERED = (
    *("@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "~snapshot"),
    *("$recycle.bin", "recycler", "system volume information", "lost+found", "__macosx", "_gsdata_"),
    *("*.download", "*.lrdata", "*.photoslibrary"),  # Safari's unfinished downloads, and previews: all are folders
)


def is_taken(name: str, patterns: Sequence[str]) -> bool:
    """True for pictures and shortcuts by their names, where one of the globs matches, in any case of letters.

    Hidden files, this program's own results and the lock files of offices (~$photo.jpg) are not; other temporary
    names (photo.jpg.part, photo.jpg~, #photo.jpg#) are no pictures by their ends.
    """
    if name.startswith("~$") or not (is_picture_name(name) or is_shortcut(name)):
        return False
    return bool(_any_of(tuple(patterns)).match(_composed(name)))


def is_shortcut(name: str) -> bool:
    """True for files that lead to a picture's address."""
    return not name.startswith(".") and PurePosixPath(name).suffix.lower() in _SHORTCUTS


def is_entered(name: str) -> bool:
    """True for the folders in which pictures are looked for."""
    return not (name.startswith(".") or _any_of(_NOT_ENTERED).match(name))


def waits_for(name: str) -> tuple[str, ...]:
    """The files beside this one (a name, or a path) that would mean that it is still written, or yet to come."""
    return tuple(name + each for each in _UNFINISHED)


def is_unfinished(other: str, name: str) -> bool:
    """True where `other` is what a browser or a copy still writes, and what is to be called `name` in the end."""
    if other in waits_for(name):
        return True
    path = PurePosixPath(name)
    return bool(re.fullmatch(f"{re.escape(path.stem)}\\.{_SALT}{re.escape(path.suffix)}\\.part", other))


@functools.lru_cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(fnmatch.translate(_composed(each)) for each in patterns), re.IGNORECASE)


def _composed(text: str) -> str:
    """With each letter and its accents as one character: Apple's systems write two, keyboards write one."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
