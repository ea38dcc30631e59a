"""Finds a Python 3.7, the last one that TensorFlow 1.15 was published for."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from engine.errors import DeviceError, system_reason

_ANSWERS = 20  # seconds, for an interpreter or for uv

_CHECK = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])"

_WAYS = (
    "Get one (uv python install 3.7; or: pyenv install 3.7; or: conda create -n tf1 python=3.7; or on Ubuntu "
    "python3.7 and python3.7-venv from the deadsnakes archive) and run this again, or say where it is "
    "(./install.sh --tf1 --tf1-python PATH); without any: bshm models convert makes a file that needs no TensorFlow"
)


def find_python37(named: Path | None) -> Path:
    """A Python 3.7 that can make environments: the named one, else the first that is found, in this order.

    On PATH, pyenv's, uv's, conda's and mamba's. What is called so and does not run is passed over: pyenv puts a
    python3.7 on PATH that ends with an error where no 3.7 was chosen. Raises DeviceError, which says how to get one.
    """
    if named:
        fault = _fault(named)
        if fault:
            raise DeviceError(f"{named}: this is not a Python 3.7 that can make environments", fault, _WAYS)
        return named
    unfit: list[str] = []
    for each in _candidates():
        fault = _fault(each)
        if not fault:
            return each
        unfit.append(f"{each}: {fault}")
    looked = "there is none on PATH, or of pyenv, uv, conda or mamba"
    why = f"TensorFlow 1.15.5 runs in no later one, and {'; '.join(unfit) or looked}"
    raise DeviceError("no Python 3.7 was found", why, _WAYS)


def _fault(python: Path) -> str:
    """What is wrong with it; an empty text where nothing is."""
    try:
        ran = subprocess.run(
            [python, "-I", "-c", _CHECK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWERS,
            check=False,
        )
    except OSError as error:
        return system_reason(error)
    except subprocess.TimeoutExpired:
        return f"it does not answer within {_ANSWERS} seconds"
    if ran.returncode:
        said = [line.strip() for line in ran.stderr.splitlines() if line.strip()] or ["nothing"]
        lacks = next((line for line in said if "No module named" in line), "")
        return f"it says: {(lacks or said[0])[:200]}"
    version = ran.stdout.strip()
    return "" if version == "3.7" else f"it is a Python {version[:20]}"


def _candidates() -> Iterator[Path]:
    """Paths that may be a Python 3.7, each once."""
    seen: set[str] = set()
    for each in [*_on_path(), *_of_pyenv(), *_of_conda()]:
        if each.is_file() and os.path.realpath(each) not in seen:
            seen.add(os.path.realpath(each))
            yield each
    yield from _of_uv()


def _on_path() -> Iterator[Path]:
    for folder in os.get_exec_path():
        if folder.startswith("/"):
            yield Path(folder, "python3.7")


def _of_pyenv() -> Iterator[Path]:
    root = _folder("PYENV_ROOT", "~/.pyenv")
    yield from sorted(root.glob("versions/3.7*/bin/python3.7"), reverse=True)


def _of_uv() -> Iterator[Path]:
    uv = shutil.which("uv")
    if not uv:
        return
    try:
        ran = subprocess.run(
            [uv, "python", "find", "--offline", "3.7"],
            cwd="/",  # where no project's own choice of a Python is in the way
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ANSWERS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    if ran.returncode == 0 and (path := os.fsdecode(ran.stdout.rstrip(b"\n"))):
        yield Path(path)


def _of_conda() -> Iterator[Path]:
    """Those of the environments that conda and mamba write down in the home folder, and of the usual folders."""
    roots = [_folder("MAMBA_ROOT_PREFIX", "~/micromamba")]
    roots += [Path(name).expanduser() for name in ("~/miniconda3", "~/miniforge3", "~/mambaforge", "~/anaconda3")]
    environments = [each for root in roots for each in sorted(root.glob("envs/*"))]
    record = Path("~/.conda/environments.txt").expanduser()
    if record.is_file():
        environments += [Path(line) for line in os.fsdecode(record.read_bytes()).splitlines() if line.startswith("/")]
    for each in environments:
        yield each / "bin/python3.7"


def _folder(variable: str, default: str) -> Path:
    named = os.environ.get(variable, "")
    return Path(named) if named.startswith("/") else Path(default).expanduser()
