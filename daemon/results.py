"""Which files are written for a picture, and what is in them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from daemon.outputs import Place, exists_already, write_whole
from daemon.terminal import shown
from engine.settings import Settings
from engine.types import Point

if TYPE_CHECKING:
    from engine.pictures.background import Background

Existing = Literal["refuse", "overwrite", "skip"]


@dataclass(frozen=True)
class Results:
    """What came of one picture, whoever cut it out.

    report: engine.types.Report as a dict, ready for JSON. file: the bytes of a file, by a word of settings.WANTS;
    raises OutputError where its format cannot hold the picture.
    """

    report: Mapping[str, Any]
    file: Callable[[str], bytes | memoryview]


@dataclass(frozen=True)
class Wanted:
    """What every picture of a run is to give.

    settings: with the command line's words in them. threshold: of binary mattes, None for the engine's own.
    background: of composites, None where none are wanted. existing: what happens to results that are there already.
    at: where somebody is who is to be cut out, as engine.types.Options has it.
    """

    settings: Settings
    binary: bool
    threshold: float | None
    report: bool
    background: Background | None
    existing: Existing
    at: tuple[Point, ...] = ()

    @property
    def edge(self) -> str:
        """A word of settings.EDGES."""
        return "crisp" if self.binary else "soft"

    def note(self) -> str | None:
        """A sentence where results are not of the format that was asked for, since that cannot hold them."""
        from engine.pictures.formats import written_format

        asked = self.settings.format
        written = {want: written_format(want, asked) for want in self.settings.want}
        others = [f"{want} is written as {instead}" for want, instead in written.items() if instead != asked]
        return f"Not everything can be {asked}: {', '.join(others)}." if others else None

    def files(self, place: Place) -> dict[str, Path]:
        """What is to be written there, by kind; empty where all of it is there already and is to be left.

        Raises OutputError where some of it is there and nothing was said of that.
        """
        kinds = endings(self.settings, report=self.report)
        files = {kind: place.path(kind, ending) for kind, ending in kinds.items()}
        there = {kind: path for kind, path in files.items() if os.path.lexists(path)}
        if there and self.existing == "refuse":
            raise exists_already(next(iter(there.values())))
        return {kind: path for kind, path in files.items() if kind not in there or self.existing == "overwrite"}

    def write(self, results: Results, files: Mapping[str, Path], source: str | Path) -> Iterator[Path]:
        """Writes the files of one picture and gives each one's path when it is there.

        source: the picture's path or address, for the report. Raises OutputError.
        """
        for kind, path in files.items():
            data = self._report(results, files, source) if kind == "report" else results.file(kind)
            write_whole(path, data, overwrite=self.existing == "overwrite")
            yield path

    def _report(self, results: Results, files: Mapping[str, Path], source: str | Path) -> bytes:
        return report_file(
            results.report, files, source, self.settings, binary=self.binary, threshold=self.threshold, at=self.at
        )


def report_file(
    report: Mapping[str, Any],
    files: Mapping[str, Path],
    source: str | Path,
    settings: Settings,
    *,
    binary: bool = False,
    threshold: float | None = None,
    at: tuple[Point, ...] = (),
) -> bytes:
    """The file that says what was found and done. files: of the picture, by kind; source: its path or address."""
    content = {
        "input": named(source),
        "outputs": {kind: named(path) for kind, path in files.items() if kind != "report"},
        "settings": {
            "want": settings.want,
            "format": settings.format,
            "matte_bits": settings.matte_bits,
            "network": settings.network,
            "people": settings.people,
            "at": at,
            "quality": settings.quality,
            "binary": binary,
            "threshold": threshold,
        },
        **report,
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def warned(report: Mapping[str, Any], warning: str | None) -> Mapping[str, Any]:
    """The report with one more warning, before the others; as it is where there is none."""
    return {**report, "warnings": [warning, *report["warnings"]]} if warning else report


def endings(settings: Settings, *, report: bool) -> dict[str, str]:
    """What the names of a picture's files end with, by kind: {"cutout": ".png", "report": ".json"}."""
    from engine.pictures.formats import suffix, written_format

    found = {want: suffix(written_format(want, settings.format)) for want in settings.want}
    return {**found, "report": ".json"} if report else found


def named(source: str | Path) -> dict[str, Any]:
    """A file twice: to be read, and as an address that holds any bytes of its name (RFC 8089); an address as it is."""
    if isinstance(source, str):
        return {"name": source, "uri": source}
    return {"name": shown(source.name), "uri": source.absolute().as_uri()}
