"""./install.sh --run and --test, after the setting up."""

from __future__ import annotations

import shutil
import sys

import pytest

from engine.folders import networks_folder
from tests.install.place import ROOT, Place, executable


class TestRun:
    """The command is this checkout's own, with the networks that are installed."""

    @pytest.fixture(autouse=True)
    def command(self, place: Place) -> None:
        place.variables["XDG_DATA_HOME"] = str(networks_folder().parents[1])
        code = "import sys; from daemon.commands import main; sys.exit(main())"
        executable(place.project / ".venv/bin/bshm", f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -c "{code}" "$@"')

    def test_the_projects_photo_is_cut_out_each_time_into_a_new_folder(self, place: Place) -> None:
        said = place.part("run; run")
        results = sorted((place.home / "BSHM/out").glob("*/*"))
        assert [path.name for path in results] == ["astronaut.cutout.png"] * 2
        assert all(f"the results are in {path.parent}" in said for path in results)
        assert place.everything_at_home() == {path.relative_to(place.home).as_posix() for path in results}

    def test_photos_of_any_name_are_taken_from_where_it_was_called(self, place: Place) -> None:
        place.variables["BSHM_HOME"] = str(place.home / "结 果")
        for name in ("-dash.jpg", "海 边.jpg"):
            shutil.copy(place.project / "docs/images/astronaut.jpg", place.home / name)
        place.part("run -dash.jpg '海 边.jpg'")
        results = (place.home / "结 果/out").glob("*/*")
        assert sorted(path.name for path in results) == ["-dash.cutout.png", "海 边.cutout.png"]

    def test_a_photo_that_fails_gives_the_commands_exit_code_and_no_empty_folder(self, place: Place) -> None:
        assert "missing.jpg" in place.part("run missing.jpg", code=1)
        assert list((place.home / "BSHM/out").iterdir()) == []


class TestTests:
    """What --test and continuous integration run, on a project of one module and one test."""

    @pytest.fixture(autouse=True)
    def small_project(self, place: Place) -> None:
        (place.project / ".venv").symlink_to(sys.prefix)
        (place.project / "pyproject.toml").write_text('[tool.mypy]\nfiles = ["small.py"]\n', encoding="utf-8")
        (place.project / "small.py").write_text("SIDE: int = 3\n", encoding="utf-8")
        self.test = place.project / "test_small.py"
        self.test.write_text("def test_it() -> None:\n    assert True\n", encoding="utf-8")

    def test_all_is_well(self, place: Place) -> None:
        assert "1 passed" in place.part("run_tests")

    def test_no_test_at_all_is_a_failure(self, place: Place) -> None:
        self.test.unlink()
        assert place.part("run_tests", code=1).endswith("install.sh: These found faults:\n  pytest\n")

    def test_every_tool_has_its_say(self, place: Place) -> None:
        (place.project / "small.py").write_text("import os\nSIDE : int = 'a'\n", encoding="utf-8")
        said = place.part("run_tests", code=1)
        assert said.endswith("  ruff check\n  ruff format\n  mypy\n")
        assert "1 passed" in said
