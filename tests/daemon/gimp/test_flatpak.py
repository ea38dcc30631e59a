"""What GIMP's sandbox may reach; with the real flatpak, where that is installed, and a small app of GIMP's name."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.gimp import everywhere, flatpak
from daemon.gimp.installing import Installation
from engine.errors import EngineError
from tests.daemon.gimp.homes import Home

WANTED = Installation("1", ("/bin/bshm",), None)
Flatpak = Callable[..., str]


@pytest.mark.parametrize(
    ("socket", "wanted"),
    [
        (None, "xdg-run/bshm"),
        ("/run/user/7/bshm/engine.sock", "xdg-run/bshm"),
        ("/run/user/7/a/b/engine.sock", "xdg-run/a/b"),
        ("/run/user/70/engine.sock", "/run/user/70"),
        ("/srv/me/engine/sock", "/srv/me/engine"),
    ],
)
def test_the_sandbox_is_given_the_folder_of_the_socket_and_no_more(socket: str | None, wanted: str) -> None:
    assert flatpak.permission(Path(socket) if socket else None, {"XDG_RUNTIME_DIR": "/run/user/7"}) == wanted


def test_without_the_program_it_is_said(user: Home) -> None:
    with pytest.raises(EngineError, match=r"`flatpak info .*` failed: no such file or directory\."):
        flatpak.reaches("xdg-run/bshm", user.folder)
    user.flatpak("3.2")
    user.settings("3.2")
    (finding,) = everywhere.install(WANTED)
    assert finding.text.endswith(f"installed, {user.config}/GIMP/3.2/plug-ins/bshm-cut-out")
    assert finding.fault.startswith("It cannot reach the engine: `flatpak info ")


@pytest.fixture
def real(user: Home, monkeypatch: pytest.MonkeyPatch) -> Flatpak:
    """Runs flatpak for this home, where org.gimp.GIMP is installed with the permissions that its manifest has."""
    program = shutil.which("flatpak", path="/usr/bin:/usr/local/bin")
    if not program:
        pytest.skip("flatpak is not installed")
    monkeypatch.setenv("PATH", f"{user.environment['PATH']}:{Path(program).parent}")

    def run(*words: str | Path) -> str:
        ran = subprocess.run([program, *words], cwd=user.folder, capture_output=True, text=True, check=False)
        if ran.returncode and "Could not connect" in ran.stderr:
            pytest.skip(f"flatpak installs nothing here: {ran.stderr.strip()}")
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    app = user.folder / "app"
    for name in ("files/bin", "var"):
        (app / name).mkdir(parents=True)
    (app / "files/bin/gimp-3.2").touch()
    (app / "metadata").write_text("[Application]\nname=org.gimp.GIMP\nruntime=org.gimp.None/x86_64/1\n")
    run("build-finish", app, "--command=gimp-3.2", "--filesystem=host", "--filesystem=xdg-config/GIMP:create")
    run("build-export", "repository", app, "stable")
    run("remote-add", "--user", "--no-gpg-verify", "here", user.folder / "repository")
    run("install", "--user", "--noninteractive", "--no-deps", "here", "org.gimp.GIMP")
    user.settings("3.2")
    return run


def overrides(real: Flatpak) -> list[str]:
    return real("override", "--user", "--show", "org.gimp.GIMP").split()


def test_installing_lets_it_reach_the_engine_and_uninstalling_takes_that_back(user: Home, real: Flatpak) -> None:
    (before,) = everywhere.status(WANTED)
    assert "not installed" in before.text
    (put,) = everywhere.install(WANTED)
    assert put.fault == ""
    assert "its sandbox may reach xdg-run/bshm (flatpak override --user)" in put.text
    assert overrides(real) == ["[Context]", "filesystems=xdg-run/bshm:create;"]
    (again,) = everywhere.install(WANTED)
    assert again.text.endswith(f"installed already, {user.config}/GIMP/3.2/plug-ins/bshm-cut-out")
    (now,) = everywhere.status(WANTED)
    assert (now.text.endswith("is up to date"), now.fault) == (True, "")
    (taken,) = everywhere.uninstall()
    assert taken.text.endswith("removed; its sandbox may no longer reach xdg-run/bshm")
    assert overrides(real) == []


def test_what_else_the_user_has_overridden_stays(real: Flatpak) -> None:
    real("override", "--user", "--env=GTK_THEME=Adwaita", "--filesystem=/srv", "org.gimp.GIMP")
    list(everywhere.install(WANTED))
    assert flatpak.reaches("xdg-run/bshm", Path.home())
    list(everywhere.uninstall())
    assert not flatpak.reaches("xdg-run/bshm", Path.home())
    left = " ".join(overrides(real))
    assert "/srv;" in left
    assert "GTK_THEME=Adwaita" in left
    assert not flatpak.take_back("xdg-run/bshm")


def test_a_sandbox_that_hides_the_socket_again_is_seen(real: Flatpak) -> None:
    list(everywhere.install(WANTED))
    real("override", "--user", "--reset", "org.gimp.GIMP")
    (finding,) = everywhere.status(WANTED)
    assert finding.fault == "Its sandbox hides the engine's socket. Run: bshm gimp install"


def test_a_socket_in_the_home_folder_needs_no_permission(user: Home, real: Flatpak) -> None:
    wanted = Installation("1", ("/bin/bshm",), user.folder / "engine/engine.sock")
    (put,) = everywhere.install(wanted)
    assert "sandbox" not in put.text
    assert overrides(real) == []
