"""`folders` in the config -> hot folders that do one another no harm, or a sentence with the line that does.

What the program writes, it must never take for something that was dropped. So a folder that is written to (output,
failed, done) is no watched folder and has none in it: the folders below the watched one are mirrored there, and could
be the other's. Below a watched folder it may lie, for there it is never looked into; and several entries may write to
one folder, even one entry its results, originals and failures, since no name is ever given twice (naming, publish).
Only done and failed must differ in an entry: nobody could tell what became of an original.

Folders are the same where links or bind mounts lead from one to the other. (Names that differ in capitals alone are
two, although some file systems make them one.) Folders that are not there yet may come later, with a mount; links are
followed as they are now. Nothing is created here.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path
from typing import NamedTuple

from daemon.chosen import check_network, read_background, written_in
from daemon.terminal import shown
from daemon.watch.filesystem import Mount, mounts_now
from daemon.watch.hot_folder import HotFolder, Keep
from daemon.watch.mounts import all_paths
from engine.errors import ConfigError, system_reason
from engine.folders import named_folder
from engine.settings import SHARED, Folder, Settings

_KEEP: Mapping[str, Keep] = {"keep": "keep", "delete": "delete"}
_NEVER_A_FOLDER = (errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)  # what waiting for a mount does not change


class _Place(NamedTuple):
    """A folder, links followed, and every path under which it is found."""

    path: Path
    paths: frozenset[Path]

    def below(self, outer: _Place) -> frozenset[Path]:
        """The paths below another, and not that itself, under which this is found."""
        return frozenset(each for each in self.paths if outer.path in each.parents)


@dataclass(frozen=True)
class _Entry:
    """An entry of the config with its folders. source: its file and line, as far as they are known.

    written: where the program writes, by the keys output, failed and, if files are moved there, done.
    """

    said: Folder
    source: str | None
    watch: _Place
    written: Mapping[str, _Place]

    def refusal(self, key: str, folder: _Place, why: str, remedy: str = "") -> ConfigError:
        source = f"{self.source}: " if self.source else ""
        return ConfigError(f"{source}'folders.{key}' cannot be {shown(folder.path)}", why, remedy)

    @property
    def of_line(self) -> str:
        """Which entry it is, for sentences about another."""
        return f" of line {self.said.line}" if self.said.line else ""


def hot_folders(settings: Settings, config: Path | None) -> tuple[HotFolder, ...]:
    """The hot folders of the settings, in their order. config: the file that they were read from, None: no file.

    Raises ConfigError where there is none, and with file and line for folders that are not safe beside one another,
    files in place of folders, networks that there are not or that the licences forbid, and backgrounds of composites
    that cannot be read (UsageError where config is None).
    """
    if not settings.folders:
        remedy = "Write at least one below 'folders:', beginning with '- watch:' and 'output:'"
        raise ConfigError(f"{config}: no folder is named" if config else "no folder is named", remedy=remedy)
    mounts = mounts_now()
    entries = [_entry(each, config, mounts) for each in settings.folders]
    for entry in entries:
        _check_alone(entry)
    for entry, other in combinations(entries, 2):
        _check_watched(entry, other)
    for entry, other in product(entries, entries):
        _check_written(entry, other)
    written = {place for each in entries for place in each.written.values()}
    return tuple(_hot_folder(each, written, _own_settings(each, settings, config)) for each in entries)


def _entry(said: Folder, config: Path | None, mounts: Sequence[Mount]) -> _Entry:
    source = f"{config}, line {said.line}" if config and said.line else str(config) if config else None
    with written_in(source):
        output = named_folder(said.output)
        failed = output.parent / "failed" if said.failed is None else named_folder(said.failed)
        written = {"output": output, "failed": failed}
        if said.done not in _KEEP:
            written["done"] = named_folder(said.done)
        watch = named_folder(said.watch)
    return _Entry(said, source, _place(watch, mounts), {key: _place(each, mounts) for key, each in written.items()})


def _place(folder: Path, mounts: Sequence[Mount]) -> _Place:
    path = Path(os.path.realpath(folder))  # Path.resolve() of Python 3.11 raises where links lead in a circle
    return _Place(path, all_paths(path, mounts))


def _check_alone(entry: _Entry) -> None:
    for key, folder in (("watch", entry.watch), *entry.written.items()):
        try:
            is_folder = stat.S_ISDIR(folder.path.stat().st_mode)
        except OSError as error:
            if error.errno in _NEVER_A_FOLDER:
                raise entry.refusal(key, folder, system_reason(error)) from error
        else:
            if not is_folder:
                raise entry.refusal(key, folder, "it is a file, and not a folder")
    done = entry.written.get("done")
    if done and done.path in entry.written["failed"].paths:
        raise entry.refusal("done", done, "it is the folder of those that failed", "Choose another for one of them")


def _check_watched(other: _Entry, entry: _Entry) -> None:
    """No file is to be found by two entries."""
    if entry.watch.path in other.watch.paths:
        raise entry.refusal("watch", entry.watch, f"it is the watched folder{other.of_line}")
    for outer, inner in ((entry, other), (other, entry)):
        if outer.said.recursive and inner.watch.below(outer.watch):
            why = f"it lies in the watched folder{outer.of_line}, {shown(outer.watch.path)}"
            raise inner.refusal("watch", inner.watch, why, "Write 'recursive: false' for that one, or choose another")


def _check_written(entry: _Entry, other: _Entry) -> None:
    """Nothing is to be written into a folder that is watched, be it by the same entry."""
    for key, folder in entry.written.items():
        if folder.path in other.watch.paths:
            why = f"it is the watched folder{other.of_line}"
            raise entry.refusal(key, folder, why, "Choose a folder beside it, or in it")
        if other.watch.below(folder):
            why = f"the watched folder{other.of_line} lies in it, {shown(other.watch.path)}"
            raise entry.refusal(key, folder, why, "Choose a folder beside that one, or in it")


def _hot_folder(entry: _Entry, every: Collection[_Place], settings: Settings) -> HotFolder:
    said, written = entry.said, entry.written
    return HotFolder(
        watch=entry.watch.path,
        # A bind mount may show the watched folder in itself too.
        excluded=frozenset(path for place in (*every, entry.watch) for path in place.below(entry.watch)),
        output=written["output"].path,
        failed=written["failed"].path,
        done=_KEEP[said.done] if said.done in _KEEP else written["done"].path,
        recursive=said.recursive,
        patterns=said.pattern,
        conflict=said.conflict,
        observer=said.observer,
        report=said.report,
        settings=settings,
    )


def _own_settings(entry: _Entry, settings: Settings, config: Path | None) -> Settings:
    """The settings with the entry's own words in them, judged as `bshm cutout` judges them."""
    said = {key: value for key in SHARED if (value := getattr(entry.said, key)) is not None}
    own = replace(settings, **said)
    with written_in(entry.source if "network" in said else config):
        check_network(own)
    if "composite" in own.want:
        with written_in(entry.source if "background" in said else config):
            read_background(own)
    return own
