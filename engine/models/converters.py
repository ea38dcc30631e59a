"""From a source's files to a network's ONNX file, by the name that the catalogue gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from engine.errors import NetworkError
from engine.models.catalogue import Network
from engine.models.ncnn import convert_ncnn
from engine.models.tfjs.convert import convert_graph, convert_rvm

# Each takes the description and the weights, the two members of every source that needs a conversion.
CONVERTERS: Mapping[str, Callable[[bytes, bytes], bytes]] = {
    "rvm": convert_rvm,
    "centernet": partial(convert_graph, name="centernet"),
    "nanodet": partial(convert_graph, name="nanodet"),
    "span": partial(convert_ncnn, name="spanx4_ch48"),
}


def convert(network: Network, contents: tuple[bytes, ...]) -> bytes:
    """The network's file from the contents of a source's members, in their order.

    Raises NetworkError where they cannot be converted. Whether the result is the catalogue's is the store's check.
    """
    if network.converter is None:
        (content,) = contents
        return content
    description, weights = contents
    try:
        return CONVERTERS[network.converter](description, weights)
    except NetworkError as error:
        raise NetworkError(f"{network.name}: its files cannot be converted", str(error).rstrip(".")) from error
