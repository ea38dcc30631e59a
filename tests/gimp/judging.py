"""What `bshm cutout` makes of the very pixels that the plug-in had, through the same engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.types import Pixels
from tests.engine.server.live import ROOT, Live, counted

_WORDS = {"people": "--people", "network": "--network", "at": "--at"}  # of the plug-in's arguments, and of the command
_PEOPLE = {"subjects": "auto"}


@dataclass
class Judge:
    """engine: which the plug-in asked. shared: with the files that tests.gimp.inside.calling kept."""

    engine: Live
    shared: Path
    _done: set[Path] = field(default_factory=set)

    def matte(self, source: str, asked: Mapping[str, Any]) -> Pixels:
        """8-bit [H, W] of the pixels in this file."""
        return self._result(source, asked, "matte")

    def cutout(self, source: str, asked: Mapping[str, Any]) -> Pixels:
        """8-bit RGBA [H, W, 4]."""
        return self._result(source, asked, "cutout")

    def _result(self, source: str, asked: Mapping[str, Any], want: str) -> Pixels:
        words = _words(asked)
        alike = source.partition("-")[2]  # of the same size and kind
        folder = self.shared / "-".join(["by-command", alike, *words])
        if folder not in self._done:
            self._cut_all(alike, words, folder)
            self._done.add(folder)
        return np.asarray(Image.open(folder / f"{Path(source).stem}.{want}.png"))

    def _cut_all(self, alike: str, words: list[str], folder: Path) -> None:
        """One start of the command for all pixels of this size and kind: as PNG files, which lose nothing."""
        pictures = folder.with_name(f"{folder.name}-pictures")
        pictures.mkdir()
        width, height = map(int, Path(alike).stem.split("x"))
        for file in self.shared.glob(f"*-{alike}"):
            samples = np.frombuffer(file.read_bytes(), np.uint8).reshape(height, width, -1)
            Image.fromarray(samples).save(pictures / f"{file.stem}.png")
        before = self._cut_so_far()
        ran = subprocess.run(
            [
                *(sys.executable, "-c", "import sys; from daemon.commands import main; sys.exit(main(sys.argv[1:]))"),
                *("cutout", str(pictures), "-o", str(folder), "--want", "matte,cutout", *words),
            ],
            cwd=ROOT,
            env={**os.environ, **self.engine.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        cut = self._cut_so_far() - before
        assert cut == len(list(pictures.iterdir())), f"another engine did it: {ran.stderr}"

    def _cut_so_far(self) -> int:
        priorities = ("interactive", "batch")
        return sum(
            counted(self.engine, f'bshm_pictures_total{{outcome="done",priority="{each}"}}') for each in priorities
        )


def _words(asked: Mapping[str, Any]) -> list[str]:
    words = ["--binary"] if asked.get("edge") == "crisp" else []
    for name, word in _WORDS.items():
        if name in asked:
            words += [word, _PEOPLE.get(asked[name], asked[name])]
    return words
