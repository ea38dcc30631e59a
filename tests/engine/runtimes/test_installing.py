"""PyTorch by pip: which version, what came, and what is said where it is of no use."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import DeviceError
from engine.runtimes.installing import install_torch, installed, pinned

NO_CUDA = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import sys, torch; sys.exit(torch.version.cuda is not None)"]).returncode
    != 0,
    reason="the PyTorch here is built for CUDA",
)


def quietly(_words: str, _done: int | None, _total: int | None, /) -> None:
    """No progress."""


def test_one_version_is_pinned_and_it_is_the_one_that_the_tests_run_with() -> None:
    found = installed()
    assert found is not None
    assert pinned() == f"torch=={found[0].partition('+')[0]}"


def test_what_is_there_already_costs_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert re.match(r"\d+\.\d+\.\d+", install_torch("cpu", tmp_path, quietly))


@NO_CUDA
def test_a_build_without_cuda_is_of_no_use_for_a_gpu(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as refused:
        install_torch("cuda", tmp_path, quietly)
    assert re.match(
        r"torch==[\d.]+: PyTorch is of no use for a GPU: pip brought .*built without CUDA", str(refused.value)
    )
    assert "pip config set global.index-url" in refused.value.remedy
