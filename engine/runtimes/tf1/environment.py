"""The environment that has TensorFlow 1.15.5, in a Python 3.7 of its own: where it is, made, checked and removed."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from engine.environments import make_environment, python_in
from engine.errors import DeviceError, system_reason
from engine.folders import named_folder, networks_folder
from engine.models.progress import Progress
from engine.settings import Settings

WORDS = "TensorFlow 1.15.5"
REQUIREMENTS = Path(__file__).with_name("requirements-tf1.txt")

# Of tensorflow-gpu's wheel; and of the environment with the wheel beside it, while pip unpacks that.
_DOWNLOAD, _ROOM = 411_000_000, 2_200_000_000
_STAMP = "bshm-complete"  # written last: which requirements are in it
_VERSION = r"1\.15\.5(\+.*)?"
_IMPORTING = 120  # seconds; 2 on a quiet machine


def environment_folder() -> Path:
    """$XDG_DATA_HOME/bshm/tf1."""
    return networks_folder().with_name("tf1")


def python_of(settings: Settings) -> Path | None:
    """The Python with TensorFlow 1: the one that the config file names, else that of the environment where it is whole.

    Whether the named one is there, and is what it should be, is seen when it is started.
    """
    if settings.tf1.python != "auto":
        return named_folder(settings.tf1.python)
    return installed(environment_folder())


def installed(folder: Path) -> Path | None:
    """The Python of an environment that was made whole, also by an earlier release; None where there is none."""
    python = python_in(folder)
    return python if (folder / _STAMP).is_file() and python.exists() else None


def make(python: Path, folder: Path, progress: Progress) -> bool:
    """Makes the environment of this Python 3.7; False where it was there already, with what this release wants.

    Half of one, or another release's, is replaced. Two at once: the second waits. Raises DeviceError.
    """
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    stamp = folder / _STAMP
    with _alone(folder, progress):
        if (
            installed(folder)
            and stamp.read_text(encoding="ascii") == wanted
            and tensorflow_of(python_in(folder)) is not None
        ):
            return False
        make_environment(python, REQUIREMENTS, folder, WORDS, _DOWNLOAD, _ROOM, progress)
        progress("checking TensorFlow", None, None)
        version = tensorflow_of(python_in(folder))
        if version is None or not re.fullmatch(_VERSION, version):
            shutil.rmtree(folder, ignore_errors=True)
            why = f"its version is {version}" if version else "importing it fails there"
            raise DeviceError(f"{WORDS}: what pip installed with {python} is not usable", why, "Try another Python 3.7")
        stamp.write_text(wanted, encoding="ascii")
    return True


def remove(folder: Path, progress: Progress) -> bool:
    """Deletes the environment, or what there is of it; False where there was none. Raises DeviceError."""
    if not folder.exists():
        return False
    with _alone(folder, progress):
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise DeviceError(f"{folder}: {WORDS} cannot be removed", system_reason(error)) from error
    folder.with_name(f".{folder.name}.lock").unlink(missing_ok=True)
    return True


def tensorflow_of(python: Path) -> str | None:
    """The TensorFlow that a Python imports; None where it imports none."""
    code = "import tensorflow; print(tensorflow.__version__)"
    try:
        ran = subprocess.run(
            [python, "-I", "-W", "ignore", "-c", code],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_IMPORTING,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout.strip() if ran.returncode == 0 else None


@contextmanager
def _alone(folder: Path, progress: Progress) -> Iterator[None]:
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress(f"waiting for another program that is at work on {WORDS}", None, None)
            lock.acquire()
    except OSError as error:
        raise DeviceError(f"{folder}: this folder cannot be written", system_reason(error)) from error
    try:
        yield
    finally:
        lock.release()
