"""What a store accepted first of files of which nobody publishes a hash: pinned then, checked ever after.

pins.json lies in the store's folder: {"bshm.pb": {"sha256": ..., "size": ..., "source": where it came from}}.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import NetworkError, system_reason

CATALOGUE = "the catalogue"  # as a source

_FILE = "pins.json"


@dataclass(frozen=True)
class Pin:
    """Of one file. size: bytes. source: an address, a path, or the hash of the graph that it was converted from."""

    sha256: str
    size: int
    source: str

    @property
    def owner(self) -> str:
        """Whose hash it is, for a sentence."""
        return "the catalogue's" if self.source == CATALOGUE else "the pinned"


def read_pins(folder: Path) -> dict[str, Pin]:
    """By the files' names. Raises NetworkError where the file cannot be used."""
    file = folder / _FILE
    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        return {name: _pin(pin) for name, pin in json.loads(text).items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise NetworkError(f"{file}: cannot be read", system_reason(error)) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        remedy = "Delete it, and fetch what it stood for anew: bshm models pull bshm"
        raise NetworkError(f"{file}: not the file that the program wrote", str(error), remedy) from error


def write_pins(folder: Path, pins: Mapping[str, Pin]) -> None:
    """Whole or not at all. Raises OSError."""
    unfinished = folder / f".{_FILE}.unfinished"
    with unfinished.open("w", encoding="utf-8", errors="surrogateescape") as stream:
        json.dump({name: asdict(pin) for name, pin in pins.items()}, stream, indent=1, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(folder / _FILE)


def _pin(values: Mapping[str, object]) -> Pin:
    pin = Pin(str(values["sha256"]), int(str(values["size"])), str(values["source"]))
    if len(pin.sha256) != 64 or pin.size < 0:
        raise ValueError(f"{pin}: no hash and size")
    return pin
