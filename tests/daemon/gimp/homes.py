"""A home with GIMPs in it: programs that say their version, settings folders, Flatpak's folders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

MANIFEST = "[Application]\nname=org.gimp.GIMP\n\n[Context]\nfilesystems=host;{};xdg-run/gvfs;\n"


@dataclass
class Home:
    """A user's home folder, and the variables of their login."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment |= {
            "HOME": str(self.folder),
            "PATH": str(self.folder / "bin"),
            "FLATPAK_SYSTEM_DIR": str(self.folder / "system"),
        }

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Makes it the home of this process."""
        for name in ("GIMP2_DIRECTORY", "GIMP3_DIRECTORY", "FLATPAK_USER_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, text in self.environment.items():
            monkeypatch.setenv(name, text)

    @property
    def config(self) -> Path:
        return self.folder / ".config"

    def program(self, name: str, script: str, folder: str = "bin") -> Path:
        path = self.folder / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def gimp(self, name: str, version: str, folder: str = "bin") -> Path:
        """A program that answers to --version as GIMP does."""
        return self.program(name, f"echo 'GNU Image Manipulation Program version {version}'", folder)

    def settings(self, series: str, config: str = ".config") -> Path:
        """GIMP was started: it has its settings folder."""
        folder = self.folder / config / "GIMP" / series
        folder.mkdir(parents=True)
        return folder

    def flatpak(self, series: str, shown: str = "xdg-config/GIMP:create", where: str = ".local/share/flatpak") -> Path:
        """As Flatpak installs it."""
        app = self.folder / where / "app/org.gimp.GIMP"
        active = app / "x86_64/stable/0123"
        (active / "files/bin").mkdir(parents=True)
        (active / "files/bin/gimp").touch()
        (active / f"files/bin/gimp-{series}").touch()
        (active / "metadata").write_text(MANIFEST.format(shown))
        (app / "current").symlink_to("x86_64/stable")
        (active.parent / "active").symlink_to("0123")
        return app / "current/active"
