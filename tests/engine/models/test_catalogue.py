"""The catalogue's records hold together, and say of each installed network what its file says itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.errors import NetworkError, UsageError
from engine.models.catalogue import NETWORKS, Network, allowed, find_network
from engine.models.converters import CONVERTERS
from engine.models.sources import GraphSource, HttpsSource, Member
from engine.models.store import State, Store

EACH = pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda each: each.name)
MEMBERS = [(each.name, member) for each in NETWORKS.values() for source in each.sources for member in source.members]


@EACH
def test_names_and_files_are_told_apart(network: Network) -> None:
    assert NETWORKS[network.name] is network
    assert [each.name for each in NETWORKS.values() if each.file == network.file] == [network.name]


PINNED = [each for each in NETWORKS.values() if each.graph is None]


@pytest.mark.parametrize(("name", "member"), [*((each.name, each) for each in PINNED), *MEMBERS])
def test_hashes_and_sizes_are_pinned(name: str, member: Network | Member) -> None:
    assert re.fullmatch("[0-9a-f]{64}", member.sha256 or "")
    assert (member.size or 0) > 0


def test_bshm_alone_has_a_graph_that_nobody_has_published_the_hash_of() -> None:
    (brought,) = (each for each in NETWORKS.values() if each not in PINNED)
    assert (brought.name, brought.file, brought.graph) == ("bshm", "bshm.onnx", "bshm.pb")
    assert (brought.sha256, brought.size, brought.default, brought.permissive) == (None, None, False, False)
    assert brought.tensors.picture


@EACH
def test_sources_give_what_the_converter_takes(network: Network) -> None:
    assert network.sources
    if network.graph:
        assert all(isinstance(source, GraphSource) for source in network.sources)
    elif network.converter is None:
        pinned = {(each.sha256, each.size) for source in network.sources for each in source.members}
        assert pinned == {(network.sha256, network.size)}
    else:
        assert network.converter in CONVERTERS
        assert {len(source.members) for source in network.sources} == {2}


@EACH
def test_numbers_of_each_channel(network: Network) -> None:
    tensors = network.tensors
    assert len(tensors.mean) == len(tensors.std) == 3
    assert min(tensors.std) > 0
    assert network.multiple >= 1
    assert (network.side > 0) == (network.task == "people" or network.name == "u2netp")


@EACH
def test_the_memory_of_runs_is_known_for_what_networks_see_and_rises(network: Network) -> None:
    sides, taken = zip(*network.memory, strict=True)
    assert list(sides) == sorted(sides)
    assert list(taken) == sorted(taken)
    seen = network.side or {"matte": 448, "upscale": 360}[network.task]
    assert sides[-1] >= seen
    assert network.batch >= 1


@pytest.mark.parametrize("licences", ["all", "permissive"])
def test_the_default_set_does_every_task_under_either_setting(licences: str) -> None:
    tasks = {each.task for each in NETWORKS.values() if each.default and allowed(each, licences)}
    assert tasks == {"matte", "people", "upscale"}


def test_permissive_leaves_out_what_is_not() -> None:
    left_out = {each.name for each in NETWORKS.values() if not allowed(each, "permissive")}
    assert left_out == {"rvm", "centernet", "bshm"}
    assert all(allowed(each, "all") for each in NETWORKS.values())


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    assert find_network("modnet").task == "matte"
    with pytest.raises(
        UsageError, match="'u2net': no such network: there are rvm, modnet, u2netp, centernet, nanodet, span"
    ):
        find_network("u2net")


def test_what_is_not_permissive_has_a_note() -> None:
    assert {each.name for each in NETWORKS.values() if each.note} >= {"rvm", "centernet", "span"}
    assert not any(each.note.endswith(".") for each in NETWORKS.values())


def test_an_address_is_https() -> None:
    with pytest.raises(NetworkError, match="not an https address"):
        HttpsSource("http://127.0.0.1/file", Member("file", "0" * 64, 1))


@pytest.fixture
def installed(network: Network) -> Path:
    store = Store()
    if store.state(network) is State.MISSING:
        pytest.skip(f"{network.name} is not installed: bshm models pull {network.name}")
    return store.path(network)


@pytest.mark.parametrize("network", PINNED, ids=lambda each: each.name)
def test_tensors_are_those_of_the_file(network: Network, installed: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(installed), providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    assert source.name == network.tensors.input
    assert source.type == "tensor(float)"
    assert source.shape[1 if network.tensors.layout == "NCHW" else 3] == 3
    sides = source.shape[2:] if network.tensors.layout == "NCHW" else source.shape[1:3]
    assert all(side == network.side if network.side else isinstance(side, str) for side in sides)
    assert set(network.tensors.outputs) <= {each.name for each in session.get_outputs()}
