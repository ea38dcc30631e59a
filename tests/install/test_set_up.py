"""Words, Python, environment, config and link: install.sh part by part, with Chinese names and spaces all along."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.install.place import ROOT, Place, executable

TOOLS = (  # all that install.sh calls before it has a Python
    *("bash", "cat", "cmp", "cp", "date", "dirname", "env", "find", "flock", "head", "ln", "mkdir", "readlink"),
    *("rm", "rmdir", "sh", "sha256sum", "sort", "true"),
)


class TestWords:
    def test_help_names_every_task(self, place: Place) -> None:
        said = place.install("--help")
        assert all(word in said for word in ("--run", "--gimp", "--test", "--uninstall", "--help"))

    @pytest.mark.parametrize(
        "words",
        [("--instal",), ("install",), ("-x",), ("--test", "x"), ("--uninstall", "-f"), ("--run", "a.jpg", "--fast")],
    )
    def test_an_unknown_word_is_refused_before_anything_is_done(self, place: Place, words: tuple[str, ...]) -> None:
        said = place.install(*words, code=2)
        assert said == f"install.sh: '{words[-1]}' is not an option that is known here. See ./install.sh --help\n"
        assert place.everything_at_home() == set()
        assert not (place.project / ".venv").exists()

    @pytest.mark.parametrize("home", ["", "home"])
    def test_without_a_home_it_says_so(self, place: Place, home: str) -> None:
        place.variables["HOME"] = home
        assert "HOME does not name your home folder" in place.install(code=1)


class TestPython:
    @pytest.fixture
    def tools(self, place: Place, tmp_path: Path) -> Path:
        """A folder that is all of PATH and has no Python, apt-get or sudo yet."""
        folder = tmp_path / "bin"
        folder.mkdir()
        for tool in TOOLS:
            (folder / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is missing"))
        place.variables["PATH"] = str(folder)
        return folder

    def test_the_first_that_is_recent_enough_is_taken(self, place: Place, tools: Path) -> None:
        executable(tools / "python3", "exit 1")  # what an old one answers to the question for its version
        executable(tools / "python3.12", f'exec "{sys.executable}" "$@"')
        assert place.part("find_python") == f"{tools}/python3.12\n"

    def test_one_that_makes_environments_goes_first(self, place: Place, tools: Path) -> None:
        executable(tools / "python3", f'case "$*" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"')
        assert place.part("find_python") == f"{tools}/python3\n"
        executable(tools / "python3.11", f'exec "{sys.executable}" "$@"')
        assert place.part("find_python") == f"{tools}/python3.11\n"

    @pytest.mark.usefixtures("tools")
    def test_without_any_it_says_the_command_to_paste(self, place: Place) -> None:
        said = place.install(code=1)
        assert "Python 3.11 or later is needed" in said
        assert "sudo apt-get install python3 python3-venv" in said
        assert place.everything_at_home() == set()

    def test_without_the_venv_module_it_says_the_command_to_paste(self, place: Place, tools: Path) -> None:
        executable(tools / "python3", f'case "$*" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"')
        said = place.install(code=1)
        assert f"sudo apt-get install python3.{sys.version_info.minor}-venv" in said
        assert "Traceback" not in said

    def test_a_missing_debian_package_is_installed_where_that_is_allowed(self, place: Place, tools: Path) -> None:
        done = place.home / "installed"
        executable(
            tools / "python3", f'case "$*" in *ensurepip*) [ -e "{done}" ];; *) exec "{sys.executable}" "$@";; esac'
        )
        executable(tools / "sudo", '[ "$1" = -n ] && shift; exec "$@"')
        executable(
            tools / "apt-get",
            f'case "$*" in *update*) : >"{done}.lists";; *) [ -e "{done}.lists" ] && echo "$*" >"{done}";; esac',
        )
        said = place.part("need_python")
        assert said.endswith(f"{tools}/python3\n")
        assert done.read_text(encoding="utf-8").endswith(f" install -y python3.{sys.version_info.minor}-venv\n")


class TestEnvironment:
    @pytest.fixture
    def environment(self, place: Place) -> Path:
        """An environment with a Python that has a pip, which is all that the check asks."""
        folder = place.project / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        (next(folder.glob("lib/python*/site-packages")) / "pip.py").touch()
        return folder

    def is_sound(self, place: Place) -> bool:
        return place.part("if environment_is_sound; then echo yes; fi") == "yes\n"

    def test_there_is_none(self, place: Place) -> None:
        assert not self.is_sound(place)

    @pytest.mark.usefixtures("environment")
    def test_a_whole_one_is_kept(self, place: Place) -> None:
        assert self.is_sound(place)
        place.part('wanted_stamp "" >"$STAMP"')
        assert self.is_sound(place)

    def test_one_whose_python_is_gone_is_not_sound(self, place: Place, environment: Path) -> None:
        (environment / "bin/python").unlink()
        (environment / "bin/python").symlink_to("/nowhere/python3.11")
        assert not self.is_sound(place)

    def test_one_without_its_packages_is_not_sound(self, place: Place, environment: Path) -> None:
        shutil.rmtree(environment / "lib")
        assert not self.is_sound(place)

    @pytest.mark.usefixtures("environment")
    def test_one_that_was_moved_with_the_project_is_not_sound(self, place: Place) -> None:
        place.part('wanted_stamp "" >"$STAMP"')
        place.project = place.project.rename(place.project.with_name("moved"))
        assert not self.is_sound(place)

    def test_packages_are_wanted_anew_when_the_lock_or_the_project_changes(self, place: Place) -> None:
        before = place.part("wanted_stamp test")
        assert before.splitlines()[0] == str(place.project)
        for name in ("requirements.lock", "pyproject.toml"):
            with (place.project / name).open("a", encoding="utf-8") as file:
                file.write("# another line\n")
            after = place.part("wanted_stamp test")
            assert after != before
            before = after


class TestConfig:
    def test_it_is_written_where_there_is_none(self, place: Place) -> None:
        place.part("write_config")
        assert place.config.read_bytes() == (ROOT / "config.yaml").read_bytes()

    def test_it_follows_xdg(self, place: Place) -> None:
        place.variables["XDG_CONFIG_HOME"] = str(place.home / "设 置")
        place.part("write_config")
        assert place.everything_at_home() == {"设 置/bshm/config.yaml"}

    def test_a_relative_xdg_folder_is_ignored(self, place: Place) -> None:
        place.variables["XDG_CONFIG_HOME"] = "settings"
        place.part("write_config")
        assert place.everything_at_home() == {".config/bshm/config.yaml"}

    def test_the_users_own_is_left_as_it_is(self, place: Place) -> None:
        place.config.parent.mkdir(parents=True)
        place.config.write_text("device: cpu\n", encoding="utf-8")
        assert "left as it is" in place.part("write_config")
        assert place.config.read_text(encoding="utf-8") == "device: cpu\n"

    def test_where_it_cannot_be_written_it_says_so(self, place: Place) -> None:
        (place.home / ".config").touch()
        assert f"The config could not be written: {place.config}" in place.part("write_config", code=1)


class TestLink:
    def test_it_leads_to_this_project_also_the_second_time(self, place: Place) -> None:
        for _ in range(2):
            place.part("link_command")
            assert place.link.readlink() == place.project / ".venv/bin/bshm"

    def test_a_path_without_its_folder_is_mentioned(self, place: Place) -> None:
        assert "is not on your PATH" in place.part("link_command")
        place.variables["PATH"] = f"{os.environ['PATH']}:{place.link.parent}"
        assert "PATH" not in place.part("link_command")

    def test_another_program_of_that_name_is_left_alone(self, place: Place) -> None:
        executable(place.link, "echo mine")
        assert "left alone" in place.part("link_command")
        assert place.link.read_text(encoding="utf-8") == "#!/bin/sh\necho mine\n"

    def test_a_link_to_another_living_copy_is_left_alone(self, place: Place) -> None:
        other = executable(place.home / "other/.venv/bin/bshm", "exit")
        place.link.parent.mkdir(parents=True)
        place.link.symlink_to(other)
        assert "left alone" in place.part("link_command")
        assert place.link.readlink() == other

    def test_a_dead_link_to_a_project_that_was_moved_is_replaced(self, place: Place) -> None:
        place.part("link_command")
        place.project = place.project.rename(place.project.with_name("moved"))
        place.part("link_command")
        assert place.link.readlink() == place.project / ".venv/bin/bshm"
