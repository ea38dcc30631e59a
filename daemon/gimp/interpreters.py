"""Whether a GIMP can run plug-ins in Python, which is a matter of what else its distribution has installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from daemon.gimp.found import Gimp, Source
from daemon.gimp.programs import asked

# What the plug-in imports first of all.
_IMPORTS = "import gi; [gi.require_version(each, '3.0') for each in ('Gimp', 'GimpUi')]; from gi.repository import Gimp"
_PATIENCE = 30.0  # seconds


def obstacle(gimp: Gimp, environment: Mapping[str, str]) -> str:
    """Why a GIMP cannot run the plug-in, and what to do, in sentences; empty where it can, or where that is not known.

    Flatpak's has all it needs in it; of a GIMP that only its settings tell of, nothing is known.
    """
    if gimp.source is not Source.PROGRAM or gimp.series is None:
        return ""
    return _without_python_fu(gimp) if gimp.series < (3, 0) else _without_modules(gimp, environment)


def _without_python_fu(gimp: Gimp) -> str:
    """GIMP 2.10 has Python-Fu where the plug-in of that name for batches is there: both are built, or none."""
    prefix = gimp.where.resolve().parent.parent
    folders = [each for pattern in ("lib", "lib64", "lib/*-linux-gnu*") for each in prefix.glob(f"{pattern}/gimp/2.0")]
    if gimp.settings:
        folders.append(gimp.settings)
    if not any(found for folder in folders for found in folder.glob("plug-ins/python-eval*")):
        why = "This GIMP was built without Python-Fu, as in Debian from version 11 on"
    elif not shutil.which("python2"):
        why = "The plug-in's `#!/usr/bin/env python2` finds no Python 2"
    else:
        return ""
    return f"{why}: it cannot run the plug-in. Use GIMP 3: Debian 13's, or GIMP from Flatpak."


def _without_modules(gimp: Gimp, environment: Mapping[str, str]) -> str:
    """Asks the Python that a distribution's GIMP finds; one built by hand may bring its own paths."""
    if gimp.where.resolve().parent != Path("/usr/bin"):
        return ""
    own = str(Path(sys.prefix) / "bin")  # if our environment is active here, it is not where GIMP is started
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(each for each in folders if each != own)
    variables = {name: text for name, text in environment.items() if not name.startswith("PYTHON")}
    try:
        ran = asked(["env", "python3", "-c", _IMPORTS], _PATIENCE, {**variables, "PATH": path})
    except subprocess.TimeoutExpired:
        return f'`python3 -c "{_IMPORTS}"` did not end within {_PATIENCE:.0f} s: GIMP cannot run the plug-in.'
    if not ran.returncode:
        return ""
    why = (ran.stderr.strip().splitlines() or ["it does not say why"])[-1].rstrip(".")
    return (
        f"The python3 on PATH cannot load GIMP's modules ({why}), so GIMP cannot run the plug-in. On Debian and Ubuntu "
        "paste: sudo apt-get install python3-gi gir1.2-gimp-3.0"
    )
