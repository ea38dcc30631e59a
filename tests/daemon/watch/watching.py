"""A real `bshm watch` in a process of its own, for tests: its folders, config and ledger in a folder of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engine.server.live import ROOT, until

_PATIENCE = 30.0  # seconds; a busy machine
QUICK = "watch:\n  settle: 0.2\n  scan: 1\n"  # of a config: for tests that are not about the defaults


@dataclass
class Watching:
    """`bshm watch` with its home in this folder. environment: beside the usual, where the engine is."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def dropped(self) -> Path:
        return self.home / "in"

    @property
    def out(self) -> Path:
        return self.home / "out"

    @property
    def failed(self) -> Path:
        return self.home / "failed"

    @property
    def config(self) -> Path:
        return self.home / "config.yaml"

    @property
    def log(self) -> str:
        return (self.home / "stderr").read_text(encoding="utf-8", errors="surrogateescape")

    def configure(self, text: str = "", *others: Mapping[str, object], **folder: object) -> None:
        """Writes the config: one folder, in -> out, with these keys, and others; text: the rest of the file."""
        first = {"watch": self.dropped, "output": self.out, "failed": self.failed, **folder}
        entries = [
            "\n    ".join(f"{key}: {json.dumps(value, default=str)}" for key, value in keys.items())
            for keys in (first, *others)
        ]
        folders = "".join(f"  - {each}\n" for each in entries)
        self.config.write_text(f"quality: fast\nfolders:\n{folders}{text}\n", encoding="utf-8")

    def command(self, *words: str | Path) -> list[str]:
        return [sys.executable, "-m", "daemon", "--config", str(self.config), *map(str, words)]

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
        """Another command of `bshm` with the same config and ledger."""
        return subprocess.run(
            self.command(*words), cwd=ROOT, env=self._environment, capture_output=True, check=False, timeout=_PATIENCE
        )

    def start(self, *words: str | Path, before: Sequence[str] = ()) -> None:
        """before: a command that runs it, such as unshare."""
        with (self.home / "stderr").open("ab") as stderr, (self.home / "stdout").open("ab") as stdout:
            self.process = subprocess.Popen(
                [*before, *self.command("watch", *words)],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )

    def signal(self, number: int) -> None:
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a power cut does it."""
        self.signal(signal.SIGKILL)
        assert self.process
        self.process.wait(_PATIENCE)

    def stop(self) -> int:
        """Ends it by SIGTERM; its exit code."""
        assert self.process
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE)

    def jobs(self) -> list[dict[str, Any]]:
        """What `bshm jobs --json` says."""
        ran = self.run("jobs", "--json", "--all")
        assert ran.returncode == 0, ran.stderr
        found: list[dict[str, Any]] = json.loads(ran.stdout)
        return found

    def drop(self, source: Path, name: str) -> Path:
        """Puts a copy of a file into the hot folder, at once."""
        target = self.dropped / name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = self.home / "part"
        shutil.copyfile(source, part)
        return part.rename(target)

    def put(self, data: bytes, name: str, folder: Path | None = None) -> Path:
        """Puts a file with this content into the hot folder, or another, at once."""
        target = (folder or self.dropped) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = self.home / "part"
        part.write_bytes(data)
        return part.rename(target)

    def results(self, base: str, folder: Path | None = None) -> list[Path]:
        """What a picture gives by default, in the output folder or another."""
        return [(folder or self.out) / f"{base}.{kind}" for kind in ("cutout.png", "matte.png", "report.json")]

    def until(self, *paths: Path, seconds: float = _PATIENCE) -> None:
        """Waits until these are there."""
        try:
            until(lambda: all(os.path.lexists(each) for each in paths), seconds)
        except AssertionError as error:
            missing = [str(each) for each in paths if not os.path.lexists(each)]
            raise AssertionError(f"missing: {missing}\n{self.log}") from error

    def until_said(self, words: str, seconds: float = _PATIENCE) -> None:
        """Waits until its log has these words."""
        try:
            until(lambda: words in self.log, seconds)
        except AssertionError as error:
            raise AssertionError(f"not said: {words}\n{self.log}") from error

    @property
    def _environment(self) -> dict[str, str]:
        own = {"XDG_STATE_HOME": str(self.home / "state"), "XDG_RUNTIME_DIR": str(self.home / "run"), "BSHM_SOCKET": ""}
        return {**os.environ, **own, **self.environment}


@contextmanager
def watching(**environment: str) -> Iterator[Watching]:
    """Not started yet, its hot folder made and configured; ended, with its folder removed, at the end."""
    home = Path(tempfile.mkdtemp(prefix="bshm-"))
    one = Watching(home, environment)
    one.dropped.mkdir()
    one.configure()
    try:
        yield one
    finally:
        if one.process and one.process.poll() is None:
            one.process.terminate()
            try:
                one.process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
        shutil.rmtree(home, ignore_errors=True)
