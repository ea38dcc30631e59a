"""A project and a home to run install.sh in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass
class Place:
    """A project folder with install.sh and what that reads, and a user's home."""

    project: Path
    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.home / ".config/bshm/config.yaml"

    @property
    def link(self) -> Path:
        return self.home / ".local/bin/bshm"

    def install(self, *words: str, code: int = 0, cwd: Path | None = None) -> str:
        return self._bash([str(self.project / "install.sh"), *words], code, cwd)

    def part(self, script: str, code: int = 0) -> str:
        """Runs some of the script's functions."""
        return self._bash(["-c", f'source "$0/install.sh"; {script}', str(self.project)], code, None)

    @contextmanager
    def started(self, script: str) -> Iterator[subprocess.Popen[bytes]]:
        """Some of the script's functions, under way; ended at the end."""
        words = ["bash", "-c", f'source "$0/install.sh"; {script}', str(self.project)]
        with subprocess.Popen(words, cwd=self.home, env=self._environment, stdin=subprocess.DEVNULL) as process:
            try:
                yield process
            finally:
                process.terminate()

    @property
    def _environment(self) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | self.variables

    def _bash(self, words: list[str], code: int, cwd: Path | None) -> str:
        """What was said, standard output and error together."""
        ran = subprocess.run(
            [shutil.which("bash") or "bash", *words],
            cwd=cwd or self.home,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="surrogateescape",
            check=False,
        )
        assert ran.returncode == code, ran.stdout
        return ran.stdout

    def everything_at_home(self) -> set[str]:
        return {path.relative_to(self.home).as_posix() for path in self.home.rglob("*") if not path.is_dir()}


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
