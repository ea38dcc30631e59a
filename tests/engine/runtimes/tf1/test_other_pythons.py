"""Pythons that are not the right one: real interpreters, each with another package `tensorflow`, or none."""

from __future__ import annotations

import inspect
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import DeviceError
from engine.runtimes.tf1.failures import Tf1LostError
from engine.runtimes.tf1.process import Tf1Process
from tests.engine.runtimes.tf1.pictures import workers


@pytest.fixture
def python(tmp_path: Path) -> Callable[[str | None], Path]:
    """An interpreter in an environment of its own, whose package `tensorflow` has this source."""

    def made(source: str | None) -> Path:
        venv.create(tmp_path / "other", symlinks=True)
        if source is not None:
            (packages,) = (tmp_path / "other" / "lib").glob("python*/site-packages")
            (packages / "tensorflow").mkdir()
            (packages / "tensorflow" / "__init__.py").write_text(source)
        return tmp_path / "other" / "bin" / "python"

    return made


def refused(python: Path, **others: bool) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        Tf1Process(python, Path("any.pb"), device="cpu", fraction=0.9, growth=True, **others)
    assert workers() == []
    assert caught.value.what.startswith(str(python))
    assert "./install.sh --tf1" in caught.value.remedy
    return caught.value


@pytest.mark.parametrize("version", ["2.0.0", "2.21.0", "2.15.5+nv23.3", "10.1"])
def test_tensorflow_2_is_refused_in_the_words_in_which_people_meet_it(
    python: Callable[[str | None], Path], version: str
) -> None:
    error = refused(python(f"__version__ = {version!r}"))
    assert f"has TensorFlow {version}, and BSHM's graph is run with 1.15.5 alone" in error.what
    assert "module 'tensorflow' has no attribute 'placeholder'" in error.why


@pytest.mark.parametrize("source", ["__version__ = '1.14.0'", "__version__ = '1.15.50'", "__version__ = '1.15.4'", ""])
def test_neighbours_are_refused_without_those_words(python: Callable[[str | None], Path], source: str) -> None:
    error = refused(python(source))
    assert "1.15.5 alone" in error.what
    assert error.why == ""


@pytest.mark.parametrize("version", ["1.15.5", "1.15.5+nv23.3", "1.15.5+cu113"])
def test_builds_of_somebodys_own_have_the_right_version(python: Callable[[str | None], Path], version: str) -> None:
    """These go on to what the package of a few lines does not have."""
    assert "No module named 'tensorflow.compat'" in refused(python(f"__version__ = {version!r}")).why


def test_any_version_will_do_where_that_is_asked_for(python: Callable[[str | None], Path]) -> None:
    error = refused(python("__version__ = '2.21.0'"), any_version=True)
    assert "No module named 'tensorflow.compat'" in error.why


def test_a_build_is_known_by_its_packages_folder(python: Callable[[str | None], Path]) -> None:
    """NVIDIA's says 1.15.5 of itself."""
    other = python("__version__ = '1.15.5'")
    (packages,) = other.parents[1].glob("lib/python*/site-packages")
    (packages / "tensorflow_estimator-1.15.1.dist-info").mkdir()
    (packages / "nvidia_tensorflow-1.15.5+nv23.3.dist-info").mkdir()
    code = "import sys; sys.path.append(sys.argv[1]); import tensorflow, worker; print(worker.version_of(tensorflow))"
    folder = Path(inspect.getfile(Tf1Process)).parent
    ran = subprocess.run([other, "-I", "-c", code, folder], capture_output=True, text=True, check=True)
    assert ran.stdout == "1.15.5+nv23.3\n"


def test_no_tensorflow_is_said(python: Callable[[str | None], Path]) -> None:
    error = refused(python(None))
    assert error.what.endswith("has no TensorFlow")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (
            "raise TypeError('Descriptors cannot not be created directly.\\nIf this call came from a _pb2.py file')",
            "its protobuf is too new: TensorFlow 1.15.5 wants one below 3.21",
        ),
        ("import numpy.nowhere", "No module named 'numpy'"),
        ("raise ImportError('libpython3.7m.so.1.0: cannot open')", "libpython3.7m.so.1.0: cannot open"),
        ("raise AssertionError", "AssertionError"),
    ],
)
def test_an_import_that_fails_is_said_with_its_reason(
    python: Callable[[str | None], Path], source: str, why: str
) -> None:
    error = refused(python(source))
    assert error.what.endswith("its TensorFlow cannot be imported")
    assert error.why == why


def test_an_import_that_ends_the_process_is_said_with_its_last_words(python: Callable[[str | None], Path]) -> None:
    """As TensorFlow's wheel does on processors without AVX."""
    other = python("import os, sys\nprint('illegal instruction', file=sys.stderr, flush=True)\nos.abort()")
    with pytest.raises(Tf1LostError, match="ended before it was ready: it was ended by SIGABRT; it said last:"):
        Tf1Process(other, Path("any.pb"), device="cpu", fraction=0.9, growth=True)


def test_a_program_that_is_no_python_is_said(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'Unknown option: -I' >&2\nexit 2\n")
    program.chmod(0o755)
    with pytest.raises(Tf1LostError, match="it ended with exit code 2; it said last: Unknown option: -I"):
        Tf1Process(program, Path("any.pb"), device="cpu", fraction=0.9, growth=True)


@pytest.mark.parametrize(
    ("make", "why"), [(None, "no such file"), ("text", "permission denied"), ("folder", "permission")]
)
def test_what_cannot_be_started_is_said(tmp_path: Path, make: str | None, why: str) -> None:
    program = tmp_path / "python"
    if make == "text":
        program.write_text("no program")
    elif make == "folder":
        program.mkdir()
    error = refused(program)
    assert error.what.endswith("cannot be started")
    assert error.why.startswith(why)
