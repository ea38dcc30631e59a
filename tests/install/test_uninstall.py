"""./install.sh --uninstall takes back what was put outside the project, and never a picture."""

from __future__ import annotations

from tests.install.place import Place, executable


def test_what_was_put_outside_goes_and_nothing_else(place: Place) -> None:
    executable(place.project / ".venv/bin/bshm", "exit")
    place.part("write_config; link_command")
    put = [".local/share/bshm/networks/rvm.onnx", ".cache/bshm/part", ".local/state/bshm/log/bshm.log"]
    kept = ["BSHM/out/2026/a.cutout.png", ".local/share/other", ".local/share/bshm/own.txt", "照片/a.jpg"]
    for name in put + kept:
        (place.home / name).parent.mkdir(parents=True, exist_ok=True)
        (place.home / name).touch()
    said = place.install("--uninstall")
    assert place.everything_at_home() == set(kept)
    assert "with your pictures" in said
    assert not place.config.parent.exists()
    assert "Removed" not in place.install("--uninstall")
    assert place.everything_at_home() == set(kept)


def test_a_half_made_install_is_no_obstacle(place: Place) -> None:
    place.part("link_command")
    place.install("--uninstall")
    assert place.everything_at_home() == set()


def test_nothing_installed_is_no_obstacle(place: Place) -> None:
    assert place.install("--uninstall").startswith("Nothing else lies outside")


def test_a_config_that_was_changed_is_left_and_named(place: Place) -> None:
    place.part("write_config")
    with place.config.open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    assert f"Left: {place.config}" in place.install("--uninstall")
    assert place.config.exists()


def test_another_program_of_that_name_is_left_alone(place: Place) -> None:
    executable(place.link, "echo mine")
    place.install("--uninstall")
    assert place.link.exists()


def test_it_follows_xdg(place: Place) -> None:
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        place.variables[f"XDG_{name}_HOME"] = str(place.home / "xdg" / name)
    place.part("write_config")
    for name in ("DATA/bshm/networks/a.onnx", "CACHE/bshm/a", "STATE/bshm/log/a"):
        (place.home / "xdg" / name).parent.mkdir(parents=True)
        (place.home / "xdg" / name).touch()
    place.install("--uninstall")
    assert place.everything_at_home() == set()
