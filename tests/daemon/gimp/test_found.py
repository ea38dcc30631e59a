"""Which GIMPs are found, by real folders and real programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.gimp.found import Gimp, Source, find
from tests.daemon.gimp.homes import Home


def found(user: Home, **variables: str) -> list[Gimp]:
    return find({**user.environment, **variables}, user.folder)


def test_where_there_is_none_there_is_none(user: Home) -> None:
    assert found(user) == []
    assert found(user, PATH=f":/nonexistent::{user.folder}/file:relative") == []


@pytest.mark.parametrize(
    ("version", "name"), [("2.10.34", "GIMP 2.10"), ("3.0.4", "GIMP 3.0"), ("3.2.6", "GIMP 3.2"), ("2.8", "GIMP 2.8")]
)
def test_a_program_says_its_version_which_names_its_settings_folder(user: Home, version: str, name: str) -> None:
    program = user.gimp("gimp", version)
    (gimp,) = found(user)
    assert (gimp.source, gimp.name, gimp.where) == (Source.PROGRAM, name, program)
    assert gimp.settings == user.config / "GIMP" / name.removeprefix("GIMP ")


def test_one_program_under_several_names_is_one(user: Home) -> None:
    program = user.gimp("gimp-3.0", "3.0.4")
    for name in ("gimp", "gimp-3"):
        (program.parent / name).symlink_to(program.name)
    user.gimp("gimp-console-3.0", "3.0.4")
    user.gimp("gimp-script-fu-interpreter-3.0", "9.9.9")
    user.gimp("gimptool-2.0", "9.9.9")
    assert [each.series for each in found(user)] == [(3, 0)]


def test_several_of_several_versions_are_several(user: Home) -> None:
    user.gimp("gimp", "3.2.0")
    user.gimp("gimp-2.10", "2.10.36")
    user.gimp("gimp-console-3.0", "3.0.2", folder="opt")
    both = f"{user.environment['PATH']}:{user.folder}/opt"
    assert {each.series for each in found(user, PATH=both)} == {(3, 2), (2, 10), (3, 0)}


@pytest.mark.parametrize("script", ["exit 1", "echo nothing that is known", "kill -9 $$"])
def test_one_that_does_not_say_its_version_is_found_all_the_same(user: Home, script: str) -> None:
    program = user.program("gimp", script)
    assert found(user) == [Gimp(Source.PROGRAM, None, program, None)]


def test_what_cannot_be_run_is_no_gimp(user: Home) -> None:
    user.gimp("gimp", "3.0.4").chmod(0o644)
    (user.folder / "bin/gimp-3.0").mkdir()
    assert found(user) == []


@pytest.mark.parametrize(
    ("variable", "value", "folder"),
    [
        ("XDG_CONFIG_HOME", "{home}/xdg", "xdg/GIMP/3.0"),
        ("XDG_CONFIG_HOME", "relative", ".config/GIMP/3.0"),
        ("GIMP3_DIRECTORY", "{home}/mine", "mine"),
        ("GIMP3_DIRECTORY", "mine", "mine"),  # gimp_directory(): below the home folder
        ("GIMP2_DIRECTORY", "{home}/mine", ".config/GIMP/3.0"),
    ],
)
def test_settings_lie_where_the_variables_say(user: Home, variable: str, value: str, folder: str) -> None:
    user.gimp("gimp", "3.0.4")
    (gimp,) = found(user, **{variable: value.format(home=user.folder)})
    assert gimp.settings == user.folder / folder


class TestSettings:
    """An AppImage, or a GIMP built by hand, is known by its settings alone."""

    def test_each_folder_that_is_served_is_found(self, user: Home) -> None:
        folders = [user.settings(series) for series in ("2.10", "3.0", "3.2")]
        for other in ("2.8", "2.99", "3.0.bak", "old"):
            user.settings(other)
        (user.config / "GIMP/3.4").touch()
        assert [(each.source, each.where, each.settings) for each in found(user)] == [
            (Source.SETTINGS, folder, folder) for folder in folders
        ]

    def test_one_that_a_known_gimp_uses_is_not_named_again(self, user: Home) -> None:
        user.gimp("gimp", "3.0.4")
        user.settings("3.0")
        user.settings("3.2")
        assert [(each.source, each.series) for each in found(user)] == [
            (Source.PROGRAM, (3, 0)),
            (Source.SETTINGS, (3, 2)),
        ]

    def test_one_that_a_variable_names_is_found(self, user: Home) -> None:
        (user.folder / "mine").mkdir()
        (gimp,) = found(user, GIMP2_DIRECTORY=str(user.folder / "mine"))
        assert gimp.settings == user.folder / "mine"
        assert gimp.name == "GIMP 2.10"


class TestFlatpak:
    def test_it_uses_the_settings_of_the_gimps_outside(self, user: Home) -> None:
        active = user.flatpak("3.2")
        assert found(user) == [Gimp(Source.FLATPAK, (3, 2), active, user.config / "GIMP/3.2")]

    def test_the_systems_is_found_as_well_as_the_users(self, user: Home) -> None:
        user.flatpak("3.2")
        user.flatpak("2.10", where="system")
        assert [each.series for each in found(user)] == [(3, 2), (2, 10)]

    def test_its_folders_are_where_the_variables_say(self, user: Home) -> None:
        user.flatpak("3.2", where="xdg/flatpak")
        user.flatpak("3.0", where="own")
        assert [each.series for each in found(user, XDG_DATA_HOME=str(user.folder / "xdg"))] == [(3, 2)]
        assert [each.series for each in found(user, FLATPAK_USER_DIR=str(user.folder / "own"))] == [(3, 0)]

    def test_an_old_one_uses_them_only_where_they_were_there_before(self, user: Home) -> None:
        user.flatpak("2.10", shown="xdg-config/GIMP")
        own = user.folder / ".var/app/org.gimp.GIMP/config/GIMP/2.10"
        assert [each.settings for each in found(user)] == [own]
        shared = user.settings("2.10")
        assert [each.settings for each in found(user)] == [shared]

    def test_one_that_is_shown_none_has_its_own(self, user: Home) -> None:
        user.flatpak("3.2", shown="xdg-config/gtk-3.0")
        assert [each.settings for each in found(user)] == [user.folder / ".var/app/org.gimp.GIMP/config/GIMP/3.2"]

    def test_a_half_removed_one_is_none(self, user: Home) -> None:
        active: Path = user.flatpak("3.2")
        (active / "metadata").unlink()
        assert found(user) == []
