"""Finds the people in a picture and cuts them out. ``Engine(Settings()).cut_out(picture)`` is the whole of it.

Importing this package loads no framework: names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.config_file import load_settings
    from engine.pictures.decode import decode
    from engine.pipeline import Engine
    from engine.settings import Settings

_HOMES = {
    "Engine": "engine.pipeline",
    "Settings": "engine.settings",
    "load_settings": "engine.config_file",
    "decode": "engine.pictures.decode",
}
__all__ = ["Engine", "Settings", "decode", "load_settings"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'engine' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
