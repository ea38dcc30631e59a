"""./install.sh --run and --test, after the setting up."""

from __future__ import annotations

import shutil
import signal
import sys

import pytest

from engine.folders import networks_folder
from tests.engine.server.live import until
from tests.install.place import ROOT, Place, executable


class TestRun:
    """The command is this checkout's own, with the networks that are installed."""

    @pytest.fixture(autouse=True)
    def command(self, place: Place) -> None:
        place.variables["XDG_DATA_HOME"] = str(networks_folder().parents[1])
        code = "import sys; from daemon.commands import main; sys.exit(main())"
        executable(place.project / ".venv/bin/bshm", f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -c "{code}" "$@"')

    def test_the_projects_photo_goes_through_the_hot_folder(self, place: Place) -> None:
        said = place.part("run --once")
        result = place.home / "BSHM/out/astronaut.cutout.png"
        assert str(result) in said.splitlines()
        assert {path.name for path in result.parent.iterdir()} == {
            "astronaut.cutout.png",
            "astronaut.matte.png",
            "astronaut.report.json",
        }
        assert (place.home / "BSHM/in/astronaut.jpg").exists()

    def test_photos_of_any_name_are_taken_from_where_it_was_called(self, place: Place) -> None:
        place.variables["BSHM_HOME"] = str(place.home / "结 果")
        for name in ("-dash.jpg", "海 边.jpg"):
            shutil.copy(place.project / "docs/images/astronaut.jpg", place.home / name)
        place.part("run --once -- -dash.jpg '海 边.jpg'")
        results = (place.home / "结 果/out").glob("*.png")
        wanted = ["-dash.cutout.png", "-dash.matte.png", "海 边.cutout.png", "海 边.matte.png"]
        assert sorted(path.name for path in results) == wanted

    def test_a_photo_that_fails_gives_the_commands_exit_code(self, place: Place) -> None:
        assert "missing.jpg" in place.part("run --once missing.jpg", code=1)
        (place.home / "bad.jpg").write_text("no picture", encoding="utf-8")
        place.part("run --once bad.jpg", code=1)
        assert (place.home / "BSHM/failed/bad.jpg.error.txt").exists()

    def test_it_goes_on_watching_until_ctrl_c(self, place: Place) -> None:
        """As a person has it: what is dropped later is cut out as well."""
        result = place.home / "BSHM/out/later.cutout.png"
        with place.started("run") as process:
            until((place.home / "BSHM/out/astronaut.report.json").exists)
            shutil.copy(place.project / "docs/images/astronaut.jpg", place.home / "BSHM/in/later.jpg")
            until(result.exists)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


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
