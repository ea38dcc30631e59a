"""`bshm config`: says what the config file means for the hot folders, or what is wrong with it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from daemon.terminal import tell
from engine.config_file import config_path, load_settings

if TYPE_CHECKING:
    from daemon.watch.hot_folder import HotFolder
    from engine.settings import Settings


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words."""
    parser = commands.add_parser("config", help="check the settings", description="Checks the settings.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser(
        "check",
        help="say which folders are watched, and what is wrong",
        description="Reads the config file and says which folders are watched and what becomes of what is dropped "
        "there; or what is wrong, with its line. Changes nothing.",
    )


def run(args: argparse.Namespace) -> int:
    """Prints what the settings mean for the hot folders. Returns 0; raises UsageError where they cannot be used."""
    from daemon.watch.folders import hot_folders

    settings = load_settings(args.config)
    file = args.config or config_path()
    found = file.exists()
    folders = hot_folders(settings, file if found else None)
    tell(f"{file}" if found else f"{file} is not there: all defaults")
    for folder in folders:
        tell("")
        tell(f"{folder.watch}")
        for subject, text in described(folder):
            tell(f"  {subject:<11}{text}")
    tell("")
    tell(_watching(settings))
    return 0


def described(folder: HotFolder) -> Iterator[tuple[str, str]]:
    """What becomes of what is dropped into a hot folder, line by line: the subject and what there is to say."""
    from daemon.results import Wanted

    settings = folder.settings
    inside = "" if folder.recursive else ", not in the folders in it"
    yield "files", f"{', '.join(folder.patterns)}{inside}"
    for each in sorted(folder.excluded):
        yield "not", f"{each}"
    yield "output", f"{folder.output}"
    yield "done", folder.done if isinstance(folder.done, str) else f"to {folder.done}"
    yield "failed", f"{folder.failed}"
    yield "want", ", ".join((*settings.want, *(["report"] if folder.report else [])))
    yield "format", f"{settings.format}, mattes with {settings.matte_bits} bits"
    if note := Wanted(settings, False, None, folder.report, None, "refuse").note():
        yield "", note
    if "composite" in settings.want:
        yield "background", settings.background
    yield "network", settings.network
    yield "people", f"{settings.people}, quality {settings.quality}"
    yield "conflict", folder.conflict
    yield "observer", folder.observer


def _watching(settings: Settings) -> str:
    watch = settings.watch
    engine = "The engine is started" if watch.start_engine else "The engine is not started"
    return (
        f"A file is complete when it did not change for {watch.settle:g} s. The folders are looked through every "
        f"{watch.scan:g} s. {engine} where none is running."
    )
