"""`bshm status`: what the resident engine is doing, once or live."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.terminal import shown, tell
from engine.address import socket_path
from engine.config_file import load_settings
from engine.errors import EngineError, UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from engine.client import Client

_TIMEOUT = 5.0  # seconds of silence
_EVERY = 1.0  # seconds between two looks
_MOST_JOBS, _MOST_ERRORS = 12, 5  # rows

Status = Mapping[str, Any]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words."""
    parser = commands.add_parser(
        "status",
        help="show what the resident engine is doing",
        description="Shows the resident engine's queue, device, memory, rates and last errors. Does not wake it.",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="look again every second, until Ctrl-C")
    how.add_argument("--json", action="store_true", help="as the engine says it, for programs")


def run(args: argparse.Namespace) -> int:
    """Shows it. Returns 0; raises NotRunningError where there is no engine."""
    from engine.client import Client

    address = socket_path(load_settings(args.config))
    client = Client(address, timeout=_TIMEOUT)
    status = client.status()
    if args.json:
        for line in json.dumps(status, ensure_ascii=False, indent=2).splitlines():
            tell(line)
    elif args.watch:
        _watch(client, status, address)
    else:
        from rich.console import Console

        Console(highlight=False).print(view(status, address))
    return 0


def view(status: Status, address: Path) -> RenderableType:
    """What people read of /v1/status."""
    from rich.console import Group
    from rich.text import Text

    tables: list[RenderableType] = [_rows(_lines(status, address))]
    if jobs := status["jobs"]:
        tables += [Text(), _jobs(jobs)]
    if errors := status["last_errors"]:
        tables += [Text(), _errors(errors)]
    return Group(*tables)


def _watch(client: Client, status: Status, address: Path) -> None:
    """Looks again and again, also while the engine is away, until Ctrl-C."""
    if not sys.stdout.isatty():
        raise UsageError("--watch is for a terminal", remedy="Use --json in scripts")
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    try:
        with Live(view(status, address), console=Console(highlight=False), auto_refresh=False) as live:
            while True:
                time.sleep(_EVERY)
                try:
                    seen = view(client.status(), address)
                except EngineError as error:
                    seen = Text(shown(str(error)))
                live.update(seen, refresh=True)
    except KeyboardInterrupt as stop:
        if type(stop) is not KeyboardInterrupt:  # kill, or a closed terminal
            raise


def _lines(status: Status, address: Path) -> Iterator[tuple[str, str]]:
    queue, memory, counts, rates = (status[each] for each in ("queue", "memory", "counts", "rates"))
    device = f" on {status['device']}" if status["device"] else ""
    yield "engine", f"{status['state']}{device}, version {status['version']}, pid {status['pid']}"
    yield "running", f"for {_duration(status['uptime_seconds'])}, at {address}"
    kinds = f"{queue['interactive']} interactive, {queue['batch']} batch"
    yield "queue", f"{queue['waiting']} waiting, {queue['running']} under way: {kinds}"
    taken = f"{queue['pictures']} of {queue['limit_pictures']} pictures"
    yield "room", f"{taken}, {_megabytes(queue['bytes'])} of {_megabytes(queue['limit_bytes'])} are taken"
    yield "pictures", ", ".join(f"{counts[each]} {each}" for each in ("done", "failed", "cancelled", "refused"))
    each = rates["seconds_per_picture"]
    yield "rate", f"{rates['pictures_per_minute']:g} a minute" + (f", {each:.1f} s each" if each else "")
    worker = f"networks {_megabytes(memory['worker_bytes'])} of {_megabytes(memory['budget_bytes'])}"
    yield "memory", f"{worker}, server {_megabytes(memory['server_bytes'])}"
    yield "networks", ", ".join(status["networks"]) or "none loaded: the next picture brings them back"
    if counts["restarts"]:
        yield "restarts", f"{counts['restarts']}: so often the networks' process was lost"


def _rows(lines: Iterator[tuple[str, str]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for subject, text in lines:
        table.add_row(Text(subject, "bold"), Text(shown(text)))
    return table


def _jobs(jobs: Sequence[Status]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("job", "state", "stage", "done", "for", "priority", box=None, padding=(0, 2, 0, 0))
    for each in jobs[:_MOST_JOBS]:
        state = each["state"] if each["position"] is None else f"{each['position'] + 1}. in the queue"
        done = f"{each['progress']:.0%}"
        row = (each["job"], state, each["stage"], done, _duration(each["seconds"]), each["priority"])
        table.add_row(*(Text(shown(text)) for text in row))
    if len(jobs) > _MOST_JOBS:
        table.add_row(f"and {len(jobs) - _MOST_JOBS} more")
    return table


def _errors(errors: Sequence[Status]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("last errors", "", box=None, padding=(0, 2, 0, 0))
    for each in errors[-_MOST_ERRORS:]:
        when = datetime.fromisoformat(each["time"]).astimezone()
        table.add_row(Text(f"{when:%Y-%m-%d %H:%M:%S}"), Text(shown(each["detail"])))
    return table


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
