"""`bshm engine --detach` under a real `systemd --user`: its unit is started in place of a process of our own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

SOCKET = """\
[Socket]
ListenStream=%t/bshm/engine.sock
DirectoryMode=0700
SocketMode=0600
"""
SERVICE = f"""\
[Service]
Type=notify
WorkingDirectory={ROOT}
ExecStart={sys.executable} -m daemon engine
"""
STEPS = """
detach() { "$PYTHON" -m daemon engine --detach; }
pid() { "$PYTHON" -c 'from engine.client import Client; print(Client().status()["pid"])'; }
main_pid() { systemctl --user show --property=MainPID --value bshm-engine.service; }
cd "$ROOT"
"""


def steps(home: Path, script: str) -> list[str]:
    """The lines that a script prints under the manager, which has these units."""
    units = home / ".config/systemd/user"
    units.mkdir(parents=True)
    (units / "bshm-engine.socket").write_text(SOCKET)
    (units / "bshm-engine.service").write_text(SERVICE)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_DATA_HOME": os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share"),
        "PYTHON": sys.executable,
        "ROOT": str(ROOT),
    }
    ran = subprocess.run(
        [HERE / "user_manager.sh", "bash", "-euc", STEPS + script],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if ran.returncode == 75:
        pytest.skip(ran.stderr.strip())
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_the_unit_that_listens_there_is_started_and_the_service_with_it(tmp_path: Path) -> None:
    first, again, pid, main_pid = steps(tmp_path, "detach; detach; pid; main_pid")
    assert first == again == f"/run/user/{os.geteuid()}/bshm/engine.sock"
    assert int(pid) == int(main_pid) > 0


def test_one_that_is_wanted_elsewhere_is_started_as_a_process_of_its_own(tmp_path: Path) -> None:
    script = 'export BSHM_SOCKET="$XDG_RUNTIME_DIR/mine/engine.sock"; detach; pid; main_pid; kill "$(pid)"'
    where, pid, main_pid = steps(tmp_path, script)
    assert where.endswith("/mine/engine.sock")
    assert int(pid) > 0
    assert main_pid == "0"


def test_a_unit_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    script = 'mkdir -p "$XDG_RUNTIME_DIR/bshm/engine.sock/full"; detach 2>&1 || echo "$?"'
    sentence, code = steps(tmp_path, script)
    assert code == "3"
    assert sentence.startswith("systemd could not start the engine: ")
    assert sentence.endswith(" Look at: journalctl --user -u bshm-engine.")


def test_a_service_that_ends_at_once_is_said(tmp_path: Path) -> None:
    script = (
        "changed=~/.config/systemd/user/bshm-engine.service.d; mkdir -p $changed; "
        "printf '[Service]\\nExecStart=\\nExecStart=false\\n' >$changed/it.conf; "
        'systemctl --user daemon-reload; detach 2>&1 || echo "$?"'
    )
    sentence, code = steps(tmp_path, script)
    assert code == "3"
    assert sentence.startswith("systemd could not start the engine: ")
