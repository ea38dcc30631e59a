"""Talks to the resident engine: ``Client(address).cut_out(bytes)``. Needs the standard library alone.

The address is a plain value: the path of the socket, or host and port together with the token.
"""

from engine.client.asked import Asked, Raw
from engine.client.client import Answer, Client

__all__ = ["Answer", "Asked", "Client", "Raw"]
