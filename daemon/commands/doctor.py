"""`bshm doctor`: what is set up, what is wrong with it, and the command that mends it."""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from daemon.chosen import check_network, read_background, written_in
from daemon.findings import Finding, tell_all
from daemon.terminal import tell
from engine.config_file import config_path, load_settings
from engine.errors import BshmError, NotRunningError
from engine.settings import Settings
from engine.version import PACKAGE, own_version

_REINSTALL = "Run ./install.sh in the project's folder again"
_TIMEOUT = 5.0  # seconds
_ROOM = 1.0  # GB: the default networks, their downloads and a day's results


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command, which has no words of its own."""
    commands.add_parser(
        "doctor",
        help="say what is set up, and what is wrong with it",
        description="Says what is set up, what is wrong with it, and how to mend it. Changes nothing.",
    )


def run(args: argparse.Namespace) -> int:
    """Prints what was found. Returns 1 where something is wrong."""
    faults = tell_all(examine(args.config))
    tell("Nothing is wrong." if not faults else f"{faults} thing{'s are' if faults > 1 else ' is'} wrong.")
    return 1 if faults else 0


def examine(config: Path | None) -> Iterator[Finding]:
    """Everything there is to say, in the order in which one thing needs another."""
    yield Finding("Python", f"{platform.python_version()}, {sys.executable}")
    yield from _packages()
    settings, finding = _config(config)
    yield finding
    yield _device(settings)
    yield _engine(settings)
    yield from _networks(settings)
    yield from _chosen(settings, config or config_path())
    yield _watching(settings, config or config_path())
    yield from _gimps(settings, config)
    yield from _folders()
    yield _disk()
    yield _command()


def _packages() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, requires, version

    try:
        needed = [re.split(r"[^\w.-]", each)[0] for each in requires(PACKAGE) or [] if "extra ==" not in each]
    except PackageNotFoundError:
        yield Finding("program", f"{PACKAGE} is not installed as a package", f"{_REINSTALL}.")
        return
    yield Finding("program", f"{PACKAGE} {own_version()}")
    missing = []
    for each in needed:
        try:
            version(each)
        except PackageNotFoundError:
            missing.append(each)
    text = f"missing: {', '.join(missing)}" if missing else f"all {len(needed)} that are needed"
    yield Finding("packages", text, f"{_REINSTALL}." if missing else "")


def _config(named: Path | None) -> tuple[Settings, Finding]:
    try:
        settings = load_settings(named)
        file = named or config_path()
    except BshmError as error:
        return Settings(), Finding("config", "cannot be used; what follows is said of the defaults", str(error))
    return settings, Finding("config", str(file) if file.exists() else f"{file} is not there: all defaults")


def _device(settings: Settings) -> Finding:
    from importlib.metadata import version

    try:
        from engine.runtimes.opening import open_runtime, unused_gpu

        device, unused = open_runtime(settings).device, unused_gpu(settings)
        text = f"{device}; ONNX Runtime {version('onnxruntime')}; 'device: {settings.device}'"
        return Finding("device", text, str(unused) if unused else "")
    except BshmError as error:
        return Finding("device", f"'device: {settings.device}' cannot be used", str(error))
    except ImportError as error:
        return Finding("device", "a library that runs networks cannot be loaded", f"{error}. {_REINSTALL}.")


def _engine(settings: Settings) -> Finding:
    """The resident engine; where none is running nothing is wrong."""
    from engine.address import socket_path
    from engine.client import Client

    try:
        address = socket_path(settings)
        status = Client(address, timeout=_TIMEOUT).status()
    except NotRunningError:
        return Finding("engine", "not running; `bshm engine` starts it")
    except BshmError as error:
        return Finding("engine", "cannot be used", str(error))
    device = f" on {status['device']}" if status["device"] else ""
    text = f"{status['state']}{device}, pid {status['pid']}, at {address}"
    if status["version"] != own_version():
        fault = f"It is version {status['version']}, and this is {own_version()}. Start the engine anew."
    elif status["state"] == "broken":
        fault = "Its networks cannot be loaded. See the last errors in: bshm status"
    else:
        fault = ""
    return Finding("engine", text, fault)


def _networks(settings: Settings) -> Iterator[Finding]:
    from engine.models.catalogue import NETWORKS, allowed
    from engine.models.store import State, Store
    from engine.runtimes.tf1.environment import python_of

    store = Store()
    for network in NETWORKS.values():
        text = f"{network.name} ({network.task}): licence {network.licence}"
        if not allowed(network, settings.licences):
            yield Finding("network", f"{text}; not used, 'licences: {settings.licences}'")
            continue
        try:
            state = store.state(network)
        except BshmError as error:
            yield Finding("network", text, str(error))
            continue
        needed = network.default or state is State.DAMAGED
        fault = f"Run: bshm models pull {network.name}" if state is not State.INSTALLED and needed else ""
        if state is State.INSTALLED and store.path(network).suffix == ".pb" and python_of(settings) is None:
            fault = f"Nothing here runs its graph. Run: bshm models convert {network.name}, or ./install.sh --tf1"
        yield Finding("network", f"{text}; {'verified' if state is State.INSTALLED else state}", fault)


def _chosen(settings: Settings, config: Path) -> Iterator[Finding]:
    """What the config file names, judged as `bshm cutout` judges it."""
    for key, check in (("network", check_network), ("background", read_background)):
        fault = ""
        try:
            with written_in(config):
                check(settings)
        except BshmError as error:
            fault = str(error)
        except ImportError as error:
            fault = f"{error}. {_REINSTALL}."
        yield Finding("setting", f"{key}: {getattr(settings, key)}", fault)


def _watching(settings: Settings, config: Path) -> Finding:
    """The hot folders; where nobody watches them nothing is wrong."""
    from daemon.watch.alone import who_watches
    from daemon.watch.folders import hot_folders

    try:
        count = len(hot_folders(settings, config if config.exists() else None))
    except BshmError as error:
        return Finding("watching", "the hot folders cannot be watched", str(error))
    other = who_watches()
    how = f"watched by process {other.pid}" if other else "not watched; `bshm watch` does it"
    return Finding("watching", f"{count} hot folder{'s' if count > 1 else ''}, {how}")


def _gimps(settings: Settings, config: Path | None) -> Iterator[Finding]:
    from daemon.gimp import everywhere

    try:
        yield from everywhere.status(everywhere.installation(settings, config))
    except BshmError as error:
        yield Finding("GIMP", "the plug-in could not find the engine", str(error))


def _folders() -> Iterator[Finding]:
    from daemon.log import log_file
    from engine.folders import cache_folder, networks_folder

    folders = {"networks": networks_folder(), "cache": cache_folder(), "log": log_file().parent}
    for name, folder in folders.items():
        obstacle = _obstacle(folder)
        fault = f"{obstacle} cannot be written by this user. Change its owner or its permissions." if obstacle else ""
        yield Finding("folder", f"{name}: {folder}", fault)


def _obstacle(folder: Path) -> Path | None:
    """What stands in the way of writing into a folder, which is made when it is needed."""
    for each in (folder, *folder.parents):
        try:
            there = stat.S_ISDIR(each.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:  # somewhere above it, this user may not enter
            return each
        return None if there and os.access(each, os.W_OK | os.X_OK, effective_ids=True) else each
    return None


def _disk() -> Finding:
    home = Path.home()
    free = shutil.disk_usage(home).free / 1e9
    fault = "" if free >= _ROOM else f"Less than {_ROOM:g} GB is little: make room."
    return Finding("disk", f"{free:.1f} GB free in {home}", fault)


def _command() -> Finding:
    found = shutil.which("bshm")
    if found:
        return Finding("command", f"bshm is {found}")
    folder = Path.home() / ".local" / "bin"
    if (folder / "bshm").exists():
        fault = f'{folder} is not on PATH. Log in again, or run: export PATH="{folder}:$PATH"'
    else:
        fault = f"{_REINSTALL}."
    return Finding("command", "bshm is not found by its name", fault)
