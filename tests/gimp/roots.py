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
    """A suite of Debian, and which GIMP it has. always: it is tested in every run."""

    name: str
    gimp: str
    always: bool


SUITES = (Suite("trixie", "3.0", always=True), Suite("forky", "3.2", always=False))


class NotHereError(Exception):
    """Why there is no such GIMP on this machine."""


def suites_to_test() -> tuple[Suite, ...]:
    """Those that a run of the tests looks at: all with BSHM_GIMP=all, which takes two minutes more."""
    return tuple(each for each in SUITES if each.always or os.environ.get("BSHM_GIMP") == "all")


@cache
def root_of(suite: Suite) -> Path:
    """The folder with this suite's GIMP; made where it is missing, which takes a minute.

    Raises NotHereError where it cannot be made or used on this machine.
    """
    for program, word in (("make-root.sh", suite.name), ("in-root.sh", "--check")):
        ran = subprocess.run([SETUP / program, word], capture_output=True, text=True, check=False)
        if ran.returncode == _IMPOSSIBLE:
            raise NotHereError(f"no GIMP {suite.gimp} for tests: {ran.stderr.strip().splitlines()[-1]}")
        assert ran.returncode == 0, ran.stderr
    found = subprocess.run(
        [SETUP / "make-root.sh", "--find", suite.name], stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(found.stdout.strip())
