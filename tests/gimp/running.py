"""One start of a real GIMP, and what the checks inside it said."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.types import Pixels
from tests.gimp.beside import beside, facts_of
from tests.gimp.roots import SETUP

PLUG_IN = Path(__file__).parents[2] / "plugin_gimp/gimp3/bshm-cut-out"
_TESTS = Path(__file__).parent

# What no run should have on standard error: a traceback, pixels that GEGL did not take, and complaints that our plug-in
# or GIMP has; GIMP's own plug-ins, which export files, complain whenever they are called.
_BAD = re.compile(
    r"Traceback|GEGL-CRITICAL|plug-in crashed|\((bshm-cut-out\.py|gimp\S*|python-fu\S*):\d+\): .*(CRITICAL|WARNING)"
)
_HARMLESS = re.compile(
    r"gimp_wire_read\(\): unexpected EOF|gimp_flush\(\): error: Broken pipe|list of contexts not empty upon exit"
    r"|gegl_tile_cache_destroy"  # what a script has not deleted when GIMP ends
)


@dataclass(frozen=True)
class Run:
    """What came of a start of GIMP. facts: by the name of the check. shared: the folder that GIMP wrote to."""

    code: int
    output: str
    complaints: str
    shared: Path
    facts: Mapping[str, Mapping[str, Any]]

    def bytes_of(self, name: str) -> bytes:
        """A file that the checks left."""
        return (self.shared / name).read_bytes()

    def samples(self, name: str, width: int, height: int, channels: int = 1) -> Pixels:
        """8-bit samples in a file: [height, width], or [height, width, channels]."""
        shape = (height, width) if channels == 1 else (height, width, channels)
        return np.frombuffer(self.bytes_of(name), np.uint8).reshape(shape)

    @property
    def alarms(self) -> list[str]:
        """Lines of standard error that no run should have."""
        lines = self.complaints.splitlines()
        return [each for each in lines if _BAD.search(each) and not _HARMLESS.search(each)]


@dataclass(frozen=True)
class Desk:
    """What lies ready for a GIMP. root: of roots.root_of. shared: seen as /mnt/shared. sockets: a folder, seen as
    /mnt/sockets. plug_in: is copied for it. others: plug-ins of the tests' own. installation: what installation.json
    beside ours says, or None. same: a folder that is seen there under its own path, or None. machine: whether this
    machine is seen in /mnt/machine."""

    root: Path
    shared: Path
    sockets: Path
    plug_in: Path = PLUG_IN
    others: tuple[Path, ...] = ()
    installation: Mapping[str, Any] | None = None
    same: Path | None = None
    machine: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self, module: str, meanwhile: Callable[[subprocess.Popen[str]], None] | None = None, limit: int = 240
    ) -> Run:
        """Calls main() of tests.gimp.inside.MODULE in GIMP. meanwhile: called in a thread, with GIMP's process; what it
        raises is raised here. limit: seconds."""
        with self._plug_ins() as plug_ins:
            binds = {
                _TESTS: "/mnt/lib/tests/gimp",
                plug_ins: "/mnt/plug-ins",
                self.shared: "/mnt/shared",
                self.sockets: "/mnt/sockets",
                **({self.same: str(self.same)} if self.same else {}),
            }
            words = [str(SETUP / "in-root.sh"), *(["--machine"] if self.machine else [])]
            for here, there in binds.items():
                words += ["--bind", f"{here}:{there}"]
            variables = {"BSHM_SOCKET": "/mnt/sockets/engine.sock", **self.environment}
            words += [str(self.root), "env", *(f"{name}={value}" for name, value in variables.items())]
            words += ["/mnt/lib/tests/gimp/setup/start-gimp3.sh", str(limit), module]
            with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
                try:
                    with beside(partial(meanwhile, process) if meanwhile else None):
                        output, complaints = process.communicate(timeout=limit + 15)
                finally:
                    process.kill()  # with everything that was started in the root
        return Run(process.returncode, output, complaints, self.shared, facts_of(output))

    @contextmanager
    def _plug_ins(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="bshm-plug-ins-") as folder:
            copied = Path(folder) / self.plug_in.name
            shutil.copytree(self.plug_in, copied, ignore=shutil.ignore_patterns("__pycache__", "installation.json"))
            if self.installation is not None:
                (copied / "installation.json").write_text(json.dumps(self.installation), encoding="utf-8")
            for each in self.others:
                shutil.copytree(each, Path(folder) / each.name)
            yield Path(folder)
