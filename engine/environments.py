"""Other environments of Python, for what the program's own cannot have: made by venv, filled by pip, whole or not."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from engine.errors import DeviceError, DownloadError, system_reason
from engine.models.clients import WORK, run_client
from engine.models.progress import Progress

# gast 0.2.2, which TensorFlow 1.15 wants, was published as source alone; it is pure Python, so no compiler is needed.
_ONLY_WHEELS = ("--only-binary=:all:", "--no-binary=gast")
_QUIET = ("--disable-pip-version-check", "--no-input", "--progress-bar=off", "--no-warn-script-location")
_MENDING = (
    "Connect to the network, or set pip up for your mirror or proxy (pip config set global.index-url ADDRESS; "
    "export HTTPS_PROXY=http://HOST:PORT), and run this again"
)


def python_in(environment: Path) -> Path:
    """Where an environment has its interpreter."""
    return environment / "bin" / "python"


def make_environment(
    python: Path, requirements: Path, folder: Path, words: str, download: int, room: int, progress: Progress
) -> None:
    """Makes an environment of this Python with what a requirements file pins; what was in the folder goes away.

    words: what comes into it. download: bytes of the largest package. room: bytes that all of it needs while it is
    made. After a failure there is no folder. Raises DeviceError: not enough room, no connection, a Python that makes
    no environments.
    """
    what = f"{words}: the environment could not be made in {folder}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            shutil.rmtree(folder)
        free = shutil.disk_usage(folder.parent).free
        if free < room:
            why = f"it needs {room / 1e9:.1f} GB while it is made, and {free / 1e9:.1f} GB are free there"
            raise DeviceError(what, why, "Make room and run this again")
        progress(f"making an environment for {words}", None, None)
        try:
            _make_empty(python, folder, what)
            with tempfile.TemporaryDirectory(dir=folder, prefix=WORK) as work:
                command = [str(python_in(folder)), "-I", "-m", "pip", "install", "--no-user", *_QUIET, *_ONLY_WHEELS]
                run_client([*command, "-r", str(requirements)], words, download, Path(work), progress)
        except BaseException:  # also Ctrl-C: half an environment serves nobody
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except DownloadError as error:
        remedy = "Make room and run this again" if "No space left" in error.why else _MENDING
        raise DeviceError(what, error.why, remedy) from error
    except OSError as error:
        raise DeviceError(what, system_reason(error), "Make room or mend the folder's permissions") from error


def _make_empty(python: Path, folder: Path, what: str) -> None:
    ran = subprocess.run(
        [python, "-I", "-m", "venv", "--clear", folder],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode:
        said = (ran.stderr.strip() or ran.stdout.strip() or "nothing").splitlines()[-1]
        raise DeviceError(
            what,
            f"{python} -m venv says: {said[:300]}",
            "Install that Python's modules venv and ensurepip (on Ubuntu: python3.7-venv), or name another Python",
        )
