"""Photographs the plug-in in the windows of a real GIMP, with a real engine, on a screen that nobody sees.

    python -m tests.gimp.desktop SUITE FOLDER [LANGUAGE]

SUITE: trixie (GIMP 3.0) or forky (3.2). FOLDER: where the PNG files go. LANGUAGE: zh_CN for Simplified Chinese. Needs
root. What drive.sh does is what the pictures are named by; look at them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

from tests.engine.scenes import photo
from tests.engine.server.live import live
from tests.gimp.roots import SETUP
from tests.gimp.running import PLUG_IN

_SIDE = 2400  # pixels; large enough for progress to be seen


def main(suite: str, folder: Path, language: str = "en") -> int:
    """0 where every window appeared that must, and the engine had the jobs that it should have."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run([SETUP / "make-root.sh", suite, "desktop"], stdout=subprocess.PIPE, text=True, check=True)
    large = cv2.resize(photo("astronaut"), (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    with live() as engine, tempfile.TemporaryDirectory() as name:
        shared = Path(name)
        shutil.copytree(PLUG_IN, shared / "plug-ins" / PLUG_IN.name, ignore=shutil.ignore_patterns("__pycache__"))
        (shared / "photo.png").write_bytes(cv2.imencode(".png", cv2.cvtColor(large, cv2.COLOR_RGB2BGR))[1].tobytes())
        binds = {
            Path(__file__).parent: "/mnt/desktop",
            shared: "/mnt/shared",
            folder.resolve(): "/mnt/pictures",
            engine.address.parent: "/mnt/sockets",
        }
        words = [str(SETUP / "in-root.sh")]
        for here, there in binds.items():
            words += ["--bind", f"{here}:{there}"]
        words += [made.stdout.strip(), "/mnt/desktop/drive.sh", language]
        code = subprocess.run(words, check=False).returncode
        counts = engine.status()["counts"]
    print(*sorted(each.name for each in folder.glob("*.png")), sep="\n")
    print(f"The engine's jobs: {counts['done']} done, {counts['cancelled']} cancelled.")
    return code or (counts["done"], counts["cancelled"]) != (3, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
