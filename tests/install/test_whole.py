"""install.sh as a newcomer meets it: a copy of the project, an empty home, packages from the registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image

from engine.folders import networks_folder
from tests.install.place import ROOT, Place

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info", "tests")


@pytest.fixture
def newcomer(tmp_path: Path) -> Place:
    """The networks that are installed are laid ready for him, so that only packages are fetched."""
    here = Place(tmp_path / "新 人" / "bshm [cut] out", tmp_path / "家 目录")
    shutil.copytree(ROOT, here.project, ignore=NOT_COPIED)
    shutil.copytree(networks_folder(), here.home / ".local/share/bshm/networks")
    here.variables |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    here.variables |= {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    here.variables["PIP_CACHE_DIR"] = pip("cache", "dir").stdout.strip()
    here.variables["RUSTUP_HOME"] = str(tmp_path / "rustup")  # where pip asks rustc for its version
    users = Path.home() / ".config/pip/pip.conf"
    if users.exists():
        here.variables.setdefault("PIP_CONFIG_FILE", str(users))
    return here


def pip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def online(tmp_path: Path) -> None:
    """Asks the registry for one small package that is installed here, as pip has it set up."""
    wanted = f"iniconfig=={version('iniconfig')}"
    options = ("--no-deps", "--no-cache-dir", "--retries=0", "--timeout=10", f"--dest={tmp_path / 'probe'}")
    if pip("download", *options, wanted).returncode:
        pytest.skip("the package registry cannot be reached")


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("online")
def test_a_newcomers_way(newcomer: Place) -> None:
    said = newcomer.install("--run", "--once")
    assert "Traceback" not in said
    assert newcomer.config.read_bytes() == (ROOT / "config.yaml").read_bytes()

    result = newcomer.home / "BSHM/out/astronaut.cutout.png"
    assert str(result) in said.splitlines()
    alpha = Image.open(result).getchannel("A")
    assert alpha.size == (512, 512)
    assert alpha.getpixel((5, 5)) == 0  # the flag behind her
    assert alpha.getpixel((220, 120)) == 255  # her face

    python = newcomer.project / ".venv/bin/python"
    frozen = subprocess.run(
        [python, "-m", "pip", "freeze", "--exclude-editable"], capture_output=True, text=True, check=True
    )
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert [line for line in frozen.stdout.splitlines() if line not in lock] == []  # no torch, nor anything unasked

    shown = subprocess.run([newcomer.link, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("bshm ")

    again = newcomer.install()
    assert "Packages: all there" in again
    assert "made" not in again

    newcomer.install("--uninstall")
    results = {f"BSHM/out/astronaut.{kind}" for kind in ("cutout.png", "matte.png", "report.json")}
    assert newcomer.everything_at_home() == {"BSHM/in/astronaut.jpg", *results}
