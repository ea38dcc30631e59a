"""Config files with hot folders, read and judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.watch.folders import hot_folders
from daemon.watch.hot_folder import HotFolder
from engine.config_file import load_settings
from engine.errors import ConfigError


def read(home: Path, text: str) -> tuple[HotFolder, ...]:
    """The hot folders of a config file in the home folder; ~ in it is that too."""
    config = home / "c.yaml"
    config.write_text(text, encoding="utf-8")
    return hot_folders(load_settings(config), config)


def entries(*folders: str) -> str:
    """A config file with these entries, one a line; the first is line 2."""
    return "folders:\n" + "".join(f"- {{{each}}}\n" for each in folders)


def refusal(home: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(home, text)
    return str(caught.value).replace(str(home), "~")
