"""The rules of the house, held by reading the source: who may import whom, and what stands nowhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PARTS = ("engine", "daemon", "plugin_gimp", "tests")
PYTHON = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))
PAPERS = [
    path
    for pattern in ("*.md", "*.sh", "*.yaml", "*.toml", "*.lock", ".gitignore", ".ci/run", "docs/**/*.md")
    for path in sorted(ROOT.glob(pattern))
]
NAMES = {path: path.relative_to(ROOT).as_posix() for path in PYTHON + PAPERS}

FRAMEWORKS = {
    "PIL",
    "cv2",
    "httpx",
    "numpy",
    "onnx",
    "onnxruntime",
    "pillow_heif",
    "prometheus_client",
    "rich",
    "starlette",
    "tensorflow",
    "tifffile",
    "torch",
    "uvicorn",
    "watchdog",
}
# What decodes pictures and runs networks, and is loaded by the resident engine's worker alone.
PIXELS = {"PIL", "cv2", "numpy", "onnx", "onnxruntime", "pillow_heif", "tifffile", "torch"}
# What the modules of each part never import, also not inside a function.
FORBIDDEN = {
    "engine": {"daemon", "plugin_gimp", "tests"},
    "daemon": {"plugin_gimp", "tests", "cv2", "onnx", "onnxruntime", "tensorflow", "torch"},
}
# What plug-ins find beside the standard library, which is all that GIMP's own Python is sure to have.
GIMP = {"gi", "gimp", "gimpfu"} | {"httplib"}  # httplib: Python 2's name of http.client


def imported(source: str) -> Iterator[str]:
    """The modules that a source text imports, as full as they are named."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def breaches(part: str, source: str) -> list[str]:
    """The imports of a source text that its part of the house must not have."""
    strangers = FORBIDDEN.get(part, set()) | {""}  # "": relative imports hide where a thing comes from
    known = sys.stdlib_module_names | GIMP | {part, "bshm_cut_out"}
    return [
        module
        for module in imported(source)
        if (top := module.partition(".")[0]) in strangers or (part == "plugin_gimp" and top not in known)
    ]


def calls_cv2_files(source: str) -> bool:
    """Whether a source text uses OpenCV's own reading or writing of files, which fails on names that are not ASCII on
    Windows, ignores colour profiles, and answers None in place of an error."""
    forbidden = {"imread", "imreadmulti", "imwrite", "imwritemulti"}
    used: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("cv2", "cv"):
            used.add(node.attr)
        elif isinstance(node, ast.ImportFrom) and node.module == "cv2":
            used |= {each.name for each in node.names}
    return bool(used & forbidden)


@pytest.mark.parametrize("file", PYTHON, ids=NAMES.get)
def test_imports_run_one_way(file: Path) -> None:
    assert breaches(file.relative_to(ROOT).parts[0], file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("part", "source", "found"),
    [
        ("engine", "import daemon.batch", ["daemon.batch"]),
        ("engine", "def f():\n    from daemon import batch", ["daemon"]),
        ("engine", "from . import types", ["."]),
        ("engine", "import onnxruntime\nfrom engine.types import Box", []),
        ("daemon", "import onnxruntime as ort", ["onnxruntime"]),
        ("daemon", "from engine.types import Box", []),
        ("plugin_gimp", "import gi, os, numpy\nfrom engine.client import Client", ["numpy", "engine.client"]),
    ],
)
def test_the_rule_of_imports_sees_a_breach(part: str, source: str, found: list[str]) -> None:
    assert breaches(part, source) == found


@pytest.mark.parametrize("file", PYTHON, ids=NAMES.get)
def test_pictures_are_never_read_or_written_by_opencv(file: Path) -> None:
    assert not calls_cv2_files(file.read_text(encoding="utf-8"))


def test_the_rule_of_opencv_sees_a_breach() -> None:
    assert calls_cv2_files("import cv2\ncv2.imread('a.png')")
    assert calls_cv2_files("from cv2 import imwrite")
    assert not calls_cv2_files("import cv2, tifffile\ncv2.imdecode(data, -1)\ntifffile.imwrite(file, data)")


@pytest.mark.parametrize(
    "statement",
    [
        "import engine",
        "import engine.config_file; engine.config_file.load_settings()",
        "import engine.client",
        "import daemon.commands; daemon.commands.main(['--help'])",
    ],
)
def test_no_framework_is_loaded_before_it_is_needed(statement: str, tmp_path: Path) -> None:
    assert loaded_by(statement, tmp_path) & FRAMEWORKS == set()


def test_the_process_that_serves_never_touches_a_pixel(tmp_path: Path) -> None:
    """What crashes on a picture crashes elsewhere; and 512 waiting pictures need no more than their files."""
    assert loaded_by("import engine.server.run", tmp_path) & PIXELS == set()


def test_the_process_that_watches_is_small(tmp_path: Path) -> None:
    """It stays for weeks on machines that need their memory for pictures."""
    assert loaded_by("import daemon.watch.watcher", tmp_path) & FRAMEWORKS == {"watchdog"}


def loaded_by(statement: str, home: Path) -> set[str]:
    """The modules that are there after a statement, by the first part of their names."""
    code = (
        f"import sys\ntry:\n    {statement}\nexcept SystemExit as done:\n    assert not done.code\n"
        "print(*{each.partition('.')[0] for each in sys.modules}, file=sys.stderr)"
    )
    environment = {"HOME": str(home)}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return set(ran.stderr.split())


@pytest.mark.parametrize("file", [path for path in NAMES if path.suffix in (".py", ".sh")], ids=NAMES.get)
def test_a_file_has_one_subject_and_at_most_300_lines(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("file", list(NAMES), ids=NAMES.get)
def test_no_registry_and_no_folder_of_one_machine_is_named(file: Path) -> None:
    registry = r"(pypi|pythonhosted|npmjs|npmmirror|yarnpkg)\.(org|com|io)"
    machine = r"(?<![\w.~}*])/(work|root|tmp|home/\w+)/"
    assert re.findall(f"{registry}|{machine}", file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", ["install.sh", ".ci/run"])
def test_scripts_can_be_run(name: str) -> None:
    assert (ROOT / name).stat().st_mode & 0o111 == 0o111
    subprocess.run(["bash", "-n", name], cwd=ROOT, check=True)


class TestLock:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()

    def test_it_holds_versions_alone(self) -> None:
        pins = [line for line in self.lines if not line.startswith("#")]
        assert pins
        assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.!]+", line)] == []

    def test_every_package_that_is_asked_for_has_a_version_that_fits(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extras = project.get("optional-dependencies", {}).values()
        asked = [
            Requirement(each) for each in [*project["dependencies"], *(each for extra in extras for each in extra)]
        ]
        locked = {
            canonicalize_name(name): version for name, _, version in (line.partition("==") for line in self.lines)
        }
        wrong = [str(each) for each in asked if locked.get(canonicalize_name(each.name), "none") not in each.specifier]
        assert wrong == []
