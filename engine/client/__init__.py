"""Talks to the resident engine: ``Client().cut_out(bytes)``. Needs the standard library alone.

An address, where one is named, is a plain value: the path of the socket, or host and port together with the token.
"""

from engine.client.asked import Asked, Raw
from engine.client.client import Answer, Client

__all__ = ["Answer", "Asked", "Client", "Raw"]
