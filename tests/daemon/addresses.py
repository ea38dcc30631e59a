"""What the tests of pictures by address share."""

from __future__ import annotations

import pytest

from daemon.links import fetch
from engine.errors import LinkError, TooLargeError
from engine.settings import Limits, Links

HERE = Links(allow_private=True, timeout=20)
LIMITS = Limits()
JPEG = b"\xff\xd8\xff\xe0 not much of a picture"


def refused(address: str, links: Links = HERE, limits: Limits = LIMITS) -> str:
    """The sentence by which an address is refused."""
    with pytest.raises((LinkError, TooLargeError)) as raised:
        fetch(address, limits, links)
    return str(raised.value)
