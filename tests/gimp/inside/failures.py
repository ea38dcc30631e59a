"""Everything that can go wrong between the plug-in and its engine, one after the other, on the same image."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

SOCKETS = Path("/mnt/sockets")


@dataclass(frozen=True)
class Failure:
    """check: its name. socket: what listens. installation: what is written beside the plug-in, or None. waits: until
    the tests outside have written the file `go`."""

    check: str
    socket: str = "nothing"
    installation: str | None = None
    waits: bool = False


def _command(*words: str) -> str:
    return json.dumps({"version": "0", "command": words, "socket": None})


FAILURES = (
    Failure("away"),
    Failure("no program", installation=_command("/nonexistent/bshm")),
    Failure("no program, a name that is no UTF-8", installation=_command("/nonexistent/b\udcffshm")),
    Failure("does not start", installation=_command("sh", "-c", "echo The config file is wrong. >&2; exit 3")),
    Failure("damaged installation", installation="{"),
    Failure("another version", "older"),
    Failure("a stranger", "stranger"),
    Failure("no HTTP", "noise"),
    Failure("cut short", "short"),
    Failure("busy", "busy"),
    Failure("too large", "small"),
    Failure("the engine falls silent", "doomed"),
    Failure("the engine is killed", "doomed"),
    Failure("cancelled by SIGTERM", "stuck"),
    Failure("cancelled by SIGKILL", "stuck"),
    Failure("busy for a while", "stuck", waits=True),
    Failure("afterwards", "good"),
)


def main() -> None:
    from tests.gimp.inside.calling import cut
    from tests.gimp.inside.images import canvas, photo, ramp_mask
    from tests.gimp.inside.kinds import Kind
    from tests.gimp.inside.saying import SHARED, keep

    image = canvas(Kind("rgb", alpha=True))
    masked, layer = (photo(image, Kind("rgb", alpha=True), name=name) for name in ("masked", "photo"))
    ramp_mask(masked)
    for each in FAILURES:
        _arrange(each)
        keep("now", each.check.encode("ascii"))
        while each.waits and not (SHARED / "go").exists():
            time.sleep(0.05)
        cut(each.check, image, [layer], layers=[layer, masked])
    image.delete()


def _arrange(failure: Failure) -> None:
    from gi.repository import Gimp

    engine = SOCKETS / "engine.sock"
    engine.unlink(missing_ok=True)
    engine.symlink_to(f"{failure.socket}.sock")
    installation = Path(Gimp.directory()) / "plug-ins/bshm-cut-out/installation.json"
    installation.unlink(missing_ok=True)
    if failure.installation is not None:
        installation.write_text(failure.installation, encoding="utf-8")
