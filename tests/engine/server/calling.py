"""What schemathesis asks a running engine, by its OpenAPI document."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.engine.pictures.test_refusals import FILES
from tests.engine.server.live import Live
from tests.engine.server.mutations import changed

# Bytes that fit the description are seldom a picture; and who asks for a short deadline is told that it has passed.
_CONFIG = """\
[checks]
positive_data_acceptance.enabled = false
not_a_server_error.expected-statuses = ["2xx", "4xx", 503, 504]
"""


def call_as_described(engine: Live, port: int, *options: str) -> tuple[bool, str]:
    """Lets schemathesis ask over TCP. options: of `schemathesis run`. Returns whether all was well, and its words."""
    command = [sys.executable, "-c", "from tests.engine.server.calling import schemathesis; schemathesis()", "run"]
    command += [f"http://127.0.0.1:{port}/openapi.json", "--header", f"Authorization: Bearer {engine.token}"]
    command += ["--request-timeout", "60", "--suppress-health-check", "all", "--no-color", *options]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with tempfile.TemporaryDirectory() as folder:  # it leaves files where it is started
        (Path(folder) / "schemathesis.toml").write_text(_CONFIG, encoding="utf-8")
        ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ran.returncode == 0, ran.stdout + ran.stderr


def schemathesis() -> None:
    """The command of this name, which sends pictures where a body is to be one, and changed ones."""
    from hypothesis import strategies as st
    from schemathesis.cli import schemathesis as command
    from schemathesis.openapi import media_type

    files = [*FILES.values()]
    bodies = st.sampled_from(files) | st.builds(changed, st.sampled_from(files), st.randoms(), st.just(files))
    for name in ("image/*", "application/octet-stream"):
        media_type(name, bodies)
    command()
