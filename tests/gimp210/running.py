"""One start of a real GIMP 2.10, and what the checks inside it said."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.gimp.beside import beside, facts_of
from tests.gimp.roots import SETUP, NotHereError
from tests.gimp.running import Run
from tests.gimp210.python2 import PLUG_IN

_TESTS = Path(__file__).parent
# What Python-Fu says of GEGL's operations in every run.
_NOISE = re.compile(r"^.*Two different plugins tried to register.*\n  gimp\.main\(.*\n", re.MULTILINE)


@cache
def root() -> Path:
    """The folder with a GIMP 2.10 that has Python-Fu; made where it is missing, which takes some minutes.

    Raises NotHereError where it cannot be made or used on this machine, and where that was not asked for.
    """
    if os.environ.get("BSHM_GIMP") != "all":
        raise NotHereError("GIMP 2.10 is tested with BSHM_GIMP=all alone")
    made, checked = (
        subprocess.run([SETUP / words[0], *words[1:]], capture_output=True, text=True, check=False)
        for words in (["make-root-2.10.sh"], ["in-root.sh", "--check"])
    )
    if made.returncode or checked.returncode:
        why = (made.stderr if made.returncode else checked.stderr).strip().splitlines()[-1]
        raise NotHereError(f"no GIMP 2.10 for tests: {why}")
    return Path(made.stdout.strip().splitlines()[-1])


@dataclass(frozen=True)
class Desk:
    """What lies ready for a GIMP. root: of root(). shared: a folder, seen as /mnt/shared. sockets: a folder, seen under
    its own name, which is below /tmp. installation: what installation.json beside the plug-in says, or None. machine:
    whether this machine is seen in /mnt/machine."""

    root: Path
    shared: Path
    sockets: Path
    installation: Mapping[str, Any] | None = None
    machine: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, script: str, meanwhile: Callable[[], None] | None = None, limit: int = 240) -> Run:
        """Runs inside/SCRIPT.py in GIMP, whose exit code is made: 0 where it came to its end. meanwhile: called in a
        thread; what it raises is raised here. limit: seconds."""
        with self._plug_ins() as plug_ins:
            binds = {
                _TESTS: "/mnt/tests",
                plug_ins: "/mnt/plug-ins",
                self.shared: "/mnt/shared",
                self.sockets: str(self.sockets),
            }
            words = [str(SETUP / "in-root.sh"), *(["--machine"] if self.machine else [])]
            for here, there in binds.items():
                words += ["--bind", f"{here}:{there}"]
            variables = {"BSHM_SOCKET": str(self.sockets / "engine.sock"), **self.environment}
            words += [str(self.root), "env", *(f"{name}={value}" for name, value in variables.items())]
            words += ["/mnt/tests/inside/start.sh", str(limit), script]
            with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
                try:
                    with beside(meanwhile):
                        output, complaints = process.communicate(timeout=limit + 15)
                finally:
                    process.kill()  # with everything that was started in the root
        complaints = _NOISE.sub("", complaints)
        return Run(process.returncode, output, complaints, self.shared, facts_of(output))

    @contextmanager
    def _plug_ins(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="bshm-plug-ins-") as folder:
            copied = Path(folder) / PLUG_IN.name
            shutil.copytree(PLUG_IN, copied, ignore=shutil.ignore_patterns("*.pyc", "installation.json"))
            if self.installation is not None:
                (copied / "installation.json").write_text(json.dumps(self.installation), encoding="utf-8")
            yield Path(folder)
