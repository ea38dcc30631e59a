"""An ONNX file of a stranger is tried in a process of its own: it may go on for ever, take all memory, or crash.

python -P -m engine.models.trial NETWORK FILE    ends with 1 and a NetworkError's parts as JSON where it is refused
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from engine.errors import NetworkError
from engine.memory import WORKER_ENVIRONMENT, budget_bytes, enforce
from engine.models.catalogue import Network, find_network
from engine.models.contract import run_onnx
from engine.settings import Settings
from engine.worker.endings import in_words

_REFUSED = 1
_SECONDS = 120.0


def try_onnx(network: Network, file: Path, seconds: float = _SECONDS) -> None:
    """Raises NetworkError where an ONNX file does not give alphas of small pictures of any size in so many seconds."""
    command = [sys.executable, "-P", "-m", "engine.models.trial", network.name, str(file)]
    other = f"{file}: not a network of BSHM's kind"
    try:
        tried = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, **WORKER_ENVIRONMENT},
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NetworkError(other, f"it gave no alpha of a small picture within {seconds:.0f} s") from error
    if tried.returncode == _REFUSED and tried.stdout:
        raise NetworkError(*json.loads(tried.stdout))
    if tried.returncode:
        raise NetworkError(other, f"it ended the process that tried it: {in_words(tried.returncode)}")


def main(name: str, file: str) -> int:
    """Tries it in this process."""
    enforce(budget_bytes(Settings()))
    try:
        run_onnx(find_network(name), Path(file))
    except NetworkError as error:
        print(json.dumps([error.what, error.why, error.remedy]))  # noqa: T201  # for the process that asked
        return _REFUSED
    except MemoryError:
        print(json.dumps([f"{file}: not a network of BSHM's kind", "small pictures take all memory"]))  # noqa: T201
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
