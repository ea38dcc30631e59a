"""A TensorFlow to try a graph with and to convert it: 1.15.5 where there is one, else one of today for the moment."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from engine.environments import make_environment, python_in
from engine.errors import DeviceError, system_reason
from engine.folders import cache_folder
from engine.models.progress import Progress
from engine.runtimes.tf1.environment import python_of
from engine.settings import Settings

REQUIREMENTS = Path(__file__).with_name("requirements-tf2.txt")

_WORDS = "TensorFlow 2.21, for the moment"
_DOWNLOAD, _ROOM = 265_000_000, 2_200_000_000  # of its largest package; of the environment while it is made


@contextmanager
def python_with_tensorflow(settings: Settings, progress: Progress) -> Iterator[tuple[Path, bool]]:
    """A Python with TensorFlow and tf2onnx, and whether it is another TensorFlow than 1.15.5.

    That one is made for the block, of the Python that runs this, and deleted after it. Two at once: the second waits.
    Raises DeviceError where it cannot be made.
    """
    python = python_of(settings)
    if python is not None:
        yield python, False
        return
    folder = cache_folder() / "tensorflow"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(".tensorflow.lock"))
        lock.acquire()
    except OSError as error:
        raise DeviceError(f"{folder}: this folder cannot be written", system_reason(error)) from error
    try:
        make_environment(Path(sys.executable), REQUIREMENTS, folder, _WORDS, _DOWNLOAD, _ROOM, progress)
        yield python_in(folder), True
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
