"""PyTorch, brought into the program's own environment by pip: the version that the package's extra `torch` pins."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Literal

from engine.errors import DeviceError, DownloadError, system_reason
from engine.models.clients import WORK, run_client
from engine.models.progress import Progress
from engine.version import PACKAGE

Build = Literal["cpu", "cuda"]

_PIP = (sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input")
_ASK = "import torch; print(torch.__version__, torch.version.cuda)"
_REMEDY = "Set pip up for an index that has it (pip config set global.index-url ADDRESS), and run this again"
_TRYING = 120  # seconds; 2 on a quiet machine


def pinned() -> str:
    """The requirement, as pip takes it."""
    try:
        extras = requires(PACKAGE) or []
    except PackageNotFoundError:
        extras = []
    for each in extras:  # "torch==2.13.0; extra == 'torch'"
        if re.search(r"extra == .torch.$", each):
            return each.partition(";")[0].strip()
    raise DeviceError(
        "PyTorch cannot be installed", f"{PACKAGE} is not installed as a package", "Run ./install.sh again"
    )


def installed() -> tuple[str, str | None] | None:
    """PyTorch's version and that of the CUDA it is built for; None where it is not there, or cannot be loaded."""
    asked = subprocess.run(
        [sys.executable, "-I", "-c", _ASK],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TRYING,
        check=False,
    )
    if asked.returncode:
        return None
    version, cuda = asked.stdout.split()
    return version, None if cuda == "None" else cuda


def install_torch(build: Build, cache: Path, progress: Progress) -> str:
    """Installs it; the version that is there now. cache: a folder for what pip writes meanwhile.

    build: "cuda" wants one that is built for CUDA; which one pip brings is its index's choice. Raises DeviceError.
    """
    requirement = pinned()
    what = f"{requirement}: PyTorch could not be installed"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=WORK) as work:
            command = (*_PIP, "install", "--no-user", "--progress-bar=off", "--only-binary=:all:", requirement)
            run_client(command, requirement, None, Path(work), progress)
        found = installed()
    except DownloadError as error:
        raise DeviceError(what, error.why, _REMEDY) from error
    except OSError as error:
        raise DeviceError(what, system_reason(error), "Make room on the disk and run this again") from error
    except subprocess.TimeoutExpired as error:
        raise DeviceError(what, f"loading it took longer than {_TRYING} s", "Run this again") from error
    if found is None:
        raise DeviceError(what, "pip installed it, and it cannot be loaded", f"See: {sys.executable} -c 'import torch'")
    version, cuda = found
    if build == "cuda" and cuda is None:
        why = f"pip brought {version}, which is built without CUDA and cannot use a GPU"
        raise DeviceError(what.replace("could not be installed", "is of no use for a GPU"), why, _REMEDY)
    return version
