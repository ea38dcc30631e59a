"""`bshm runtimes`: what runs networks; brings PyTorch, makes TensorFlow 1's environment and removes it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from daemon.steps import shown_progress
from daemon.terminal import complain, tell
from engine.config_file import load_settings
from engine.settings import Settings

_TF1, _TORCH = "tf1", "torch"
_EPILOG = """\
tf1 is TensorFlow 1.15.5 (tensorflow-gpu), which runs BSHM's own graph, in an environment with a Python 3.7:
411 MB are fetched, 1.5 GB stay in the data folder (~/.local/share/bshm/tf1). It reaches GPUs from Kepler to Turing and
the processor. For later GPUs, and where there is no Python 3.7: bshm models convert bshm

torch is PyTorch, which runs all networks on a GPU, in the program's own environment; with CUDA it takes some GB.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words."""
    parser = commands.add_parser(
        "runtimes",
        help="list what runs networks; install PyTorch for GPUs, TensorFlow 1 for BSHM's own graph",
        description="Lists what runs networks; installs PyTorch and TensorFlow 1.15.5, and removes the latter.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(action="list")
    actions = parser.add_subparsers(metavar="ACTION")
    actions.add_parser("list", help="show what is installed (the default)")
    install = actions.add_parser("install", help="install a runtime")
    install.add_argument("runtime", choices=[_TF1, _TORCH], metavar="RUNTIME", help=f"{_TF1} or {_TORCH}")
    install.add_argument("--python", type=Path, metavar="PATH", help="tf1: a Python 3.7 (default: one that is found)")
    install.add_argument(
        "--build", choices=["cuda", "cpu"], default="cuda", help="torch: cuda (default) must be able to use a GPU"
    )
    install.set_defaults(action="install")
    remove = actions.add_parser("remove", help="delete the environment of a runtime")
    remove.add_argument("runtime", choices=[_TF1], metavar="RUNTIME", help=_TF1)
    remove.set_defaults(action="remove")


def run(args: argparse.Namespace) -> int:
    """Does what the words say. Raises DeviceError where a runtime cannot be installed or removed, and ConfigError."""
    return _ACTIONS[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from importlib.metadata import version

    tell(f"onnxruntime, for .onnx files: ONNX Runtime {version('onnxruntime')}")
    tell(f"{_TORCH}, for .onnx files on GPUs: {_state_of_torch()}")
    tell(f"{_TF1}, for BSHM's .pb graph: {_state_of_tf1(load_settings(args.config))}")
    return 0


def _state_of_torch() -> str:
    from engine.runtimes.installing import installed

    found = installed()
    if found is None:
        return "not installed (bshm runtimes install torch)"
    version, cuda = found
    return f"PyTorch {version}, {f'CUDA {cuda}' if cuda else 'built without CUDA'}"


def _state_of_tf1(settings: Settings) -> str:
    from engine.runtimes.tf1.environment import python_of, tensorflow_of

    python = python_of(settings)
    if python is None:
        return "not installed (bshm runtimes install tf1)"
    version = tensorflow_of(python)
    if version is None:
        return f"cannot be used: {python} imports no TensorFlow (bshm runtimes install tf1)"
    return f"TensorFlow {version}, {python}"


def _install(args: argparse.Namespace) -> int:
    return _INSTALLERS[args.runtime](args)


def _install_torch(args: argparse.Namespace) -> int:
    from engine.folders import cache_folder
    from engine.runtimes.installing import install_torch

    with shown_progress() as progress:
        version = install_torch(args.build, cache_folder() / "pull", progress)
    complain(f"PyTorch {version}: installed.")
    return 0


def _install_tf1(args: argparse.Namespace) -> int:
    from engine.runtimes.tf1.environment import WORDS, environment_folder, make
    from engine.runtimes.tf1.python37 import find_python37

    settings = load_settings(args.config)
    folder = environment_folder()
    with shown_progress() as progress:
        made = make(find_python37(args.python and args.python.absolute()), folder, progress)
    complain(f"{WORDS}: {'installed' if made else 'was installed already'} in {folder}.")
    if settings.tf1.python != "auto":
        complain(f"The config file has another one used: tf1.python is {settings.tf1.python}.")
    return 0


def _remove(_args: argparse.Namespace) -> int:
    from engine.runtimes.tf1.environment import WORDS, environment_folder, remove

    folder = environment_folder()
    with shown_progress() as progress:
        removed = remove(folder, progress)
    complain(f"{WORDS}: removed from {folder}." if removed else f"{WORDS}: was not installed.")
    return 0


_ACTIONS: Mapping[str, Callable[[argparse.Namespace], int]] = {"list": _list, "install": _install, "remove": _remove}
_INSTALLERS: Mapping[str, Callable[[argparse.Namespace], int]] = {_TF1: _install_tf1, _TORCH: _install_torch}
