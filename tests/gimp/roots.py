"""The folders with real GIMPs in them, which tests/gimp/setup/make-root.sh makes."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SETUP = Path(__file__).parent / "setup"
_IMPOSSIBLE = 3  # make-root.sh's exit code where this machine cannot have one


@dataclass(frozen=True)
class Suite:
    """A suite of Debian, and which GIMP it has. always: tested wherever it can be, not only where that costs little."""

    name: str
    gimp: str
    always: bool


SUITES = (Suite("trixie", "3.0", always=True), Suite("forky", "3.2", always=False))


class NotHereError(Exception):
    """Why there is no such GIMP on this machine."""


@cache
def root_of(suite: Suite) -> Path:
    """The folder with this suite's GIMP; made where it is missing, which takes a minute.

    Raises NotHereError where it cannot be made here, and where that was not asked for.
    """
    found = subprocess.run([SETUP / "make-root.sh", "--find", suite.name], capture_output=True, text=True, check=False)
    if found.returncode == 0 and os.geteuid() == 0:
        return Path(found.stdout.strip())
    if not suite.always and os.environ.get("BSHM_GIMP") != "all":
        raise NotHereError(f"GIMP {suite.gimp} is not installed for tests; BSHM_GIMP=all installs it")
    made = subprocess.run([SETUP / "make-root.sh", suite.name], capture_output=True, text=True, check=False)
    if made.returncode == _IMPOSSIBLE:
        raise NotHereError(f"no GIMP {suite.gimp} for tests: {made.stderr.strip().splitlines()[-1]}")
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.strip())
