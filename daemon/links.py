"""Pictures by address: fetched with limits, and never from a private network unless the config allows it.

Every host, that of a redirect too, is resolved once, its addresses are checked, and the connection goes to the very
address that was checked: a name that answers differently the second time (DNS rebinding) gains nothing. TLS is
verified against the name as usual. Proxies of the environment are not used: behind one, nothing could be checked.
A user and password in an address are sent to its own host alone, and never printed or logged.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from email.message import Message
from urllib.parse import unquote

import httpx

from daemon.inputs import without_user
from daemon.terminal import shown
from engine.errors import LinkError, TooLargeError, UnreachableError
from engine.settings import Limits, Links

_REDIRECTS = 5
_CONNECT = 10.0  # seconds for one of a host's addresses, before the next is tried
_HEADERS = {"User-Agent": "bshm-cut-out", "Accept": "image/*, */*;q=0.5", "Accept-Encoding": "identity"}
# RFC 9110 and RFC 6585: request timeout, too early, too many requests; from 500 on it is the server's fault.
_LATER = (408, 425, 429)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_PAGE = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|script|title|meta)\b", re.I | re.S
)

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Fetched:
    """What an address gave. name: safe as a file's name. addresses: the one that was asked for and those it led to,
    without their users."""

    data: bytes
    name: str
    addresses: tuple[str, ...]

    @property
    def address(self) -> str:
        """Where it came from in the end."""
        return self.addresses[-1]


def fetch(address: str, limits: Limits, links: Links) -> Fetched:
    """Downloads what an http or https address leads to. Raises LinkError, TooLargeError, and UnreachableError where the
    same address may give it in a minute."""
    what = f"{shown(without_user(address))}: cannot be fetched"
    try:
        return asyncio.run(_in_time(address, limits, links))
    except TimeoutError as error:
        why = f"it took longer than {links.timeout:g} seconds"
        raise UnreachableError(what, why, "Try again, or raise links.timeout in the config") from error
    except httpx.InvalidURL:
        # What stands before an @ may be a password, even where it is in the wrong place; the cause quotes it too.
        raise LinkError(f"{shown(re.sub('://.*@', '://', address))}: not a valid address") from None
    except (httpx.HTTPError, ssl.SSLError) as error:  # the latter: TLS that is broken after the handshake
        kind = UnreachableError if _may_pass(error) else LinkError
        raise kind(what, str(error) or type(error).__name__, _connection_remedy()) from error


def is_public(address: _Address) -> bool:
    """False for the addresses of this machine, of private networks, and those that are no single host's."""
    if isinstance(address, ipaddress.IPv6Address):
        teredo = address.teredo
        inner = address.ipv4_mapped or address.sixtofour or (teredo and teredo[1])
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _may_pass(error: Exception) -> bool:
    """Whether a failed connection may work later: one that is refused, reset, cut or garbled does, as servers restart;
    a certificate that is not believed, a redirect to no address, and what cannot be unpacked stay as they are."""
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in _causes(error)):
        return False
    if isinstance(error, httpx.RemoteProtocolError):
        return error.__cause__ is not None  # httpx's own, about the address of a redirect, has none
    return isinstance(error, httpx.NetworkError | httpx.TimeoutException | ssl.SSLError)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, also where `from` was not said: httpcore leaves it out where TLS fails."""
    while error:
        yield error
        error = error.__cause__ or error.__context__


async def _in_time(address: str, limits: Limits, links: Links) -> Fetched:
    async with asyncio.timeout(links.timeout):
        given = httpx.URL(address)
        user = (given.username, given.password) if given.userinfo else None
        url, said, trusted = given, address, httpx.create_ssl_context()
        visited: list[str] = []
        for _ in range(_REDIRECTS + 1):
            if url.scheme not in ("http", "https") or not url.host:  # said: httpx writes file:///a as file:/a
                raise LinkError(f"{shown(without_user(said))}: cannot be fetched", "only http and https addresses are")
            url = url.copy_with(userinfo=b"", fragment=None)
            visited.append(str(url))
            async with _answer(url, user, links, trusted) as response:
                if not response.has_redirect_location:
                    data = await _content(response, str(url), limits)
                    return Fetched(data, _file_name(response, url), tuple(visited))
                origin = (url.scheme, url.netloc)
                said = response.headers["location"]
                url = url.join(said)
                if (url.scheme, url.netloc) != origin:
                    user = None
    raise LinkError(
        f"{shown(without_user(address))}: cannot be fetched", f"it is redirected more than {_REDIRECTS} times"
    )


@asynccontextmanager
async def _answer(
    url: httpx.URL, user: tuple[str, str] | None, links: Links, trusted: ssl.SSLContext
) -> AsyncIterator[httpx.Response]:
    """The response of one host, its content not yet read. A client for each: a connection to an IP address must not be
    used again for another name on the same machine, whose certificate nobody has looked at."""
    host = url.raw_host.decode("ascii")
    headers = {**_HEADERS, "Host": url.netloc.decode("ascii")}
    candidates = await _resolved(url, host, links.allow_private)
    timeout = httpx.Timeout(None, connect=_CONNECT)
    async with httpx.AsyncClient(verify=trusted, trust_env=False, timeout=timeout) as client:
        for candidate in candidates:
            there = url.copy_with(host=str(candidate))
            request = client.build_request("GET", there, headers=headers, extensions={"sni_hostname": host})
            try:
                response = await client.send(request, auth=user, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if candidate is candidates[-1]:
                    raise
                continue
            async with aclosing(response):
                yield response
            return


async def _resolved(url: httpx.URL, host: str, allow_private: bool) -> list[_Address]:
    """The host's addresses that may be connected to, in the system's order. Raises LinkError where there is none."""
    what = f"{shown(str(url))}: cannot be fetched"
    try:
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # a name that can be none, or one that is not found now
        kind = UnreachableError if isinstance(error, OSError) else LinkError
        why = f"the host {shown(host)} is not known"
        raise kind(what, why, "Check the address and the connection to the internet") from error
    addresses = list(dict.fromkeys(ipaddress.ip_address(each[4][0]) for each in found))
    allowed = [each for each in addresses if allow_private or is_public(each)]
    if not allowed:
        raise LinkError(
            f"{shown(str(url))}: must not be fetched",
            f"its host is {addresses[0]}, in a private network or on this machine",
            "Set allow_private to true below links in the config if you trust such addresses",
        )
    return allowed


async def _content(response: httpx.Response, address: str, limits: Limits) -> bytes:
    """The body, read as far as the limit allows and no further where it begins as a web page."""
    what = shown(address)
    if not response.is_success:
        why = f"the server answered {response.status_code} {response.reason_phrase}".rstrip()
        status = response.status_code
        kind = UnreachableError if status >= 500 or status in _LATER else LinkError
        raise kind(f"{what}: cannot be fetched", shown(why), "Check the address in a browser")
    data = bytearray()
    async for part in response.aiter_bytes(1 << 16):
        data += part
        if _PAGE.match(data[:2048]):
            remedy = "Open it in a browser and copy the address of the picture itself"
            raise LinkError(f"{what}: not a picture", "the address leads to a web page", remedy)
        if len(data) > limits.megabytes * 1e6:
            why = f"it has more than {limits.megabytes:g} MB"
            raise TooLargeError(
                f"{what}: the download is too large", why, "Raise limits.megabytes in the config to allow it"
            )
    if not data:
        raise LinkError(f"{what}: cannot be fetched", "the server gave nothing")
    return bytes(data)


def _file_name(response: httpx.Response, url: httpx.URL) -> str:
    """The name that the server gives, else the last part of the address, else the host."""
    header = Message()
    header["Content-Disposition"] = response.headers.get("content-disposition", "")
    path = unquote(url.raw_path.decode("ascii").partition("?")[0])
    return next(filter(None, map(safe_name, (header.get_filename() or "", path, url.host))), "picture")


def safe_name(text: str) -> str:
    """The last part of a path as a name that any file system takes; may be empty."""
    last = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    plain = "".join("_" if each in '<>:"|?*' else each for each in last if shown(each) == each)
    return plain.strip(" .-")


def _connection_remedy() -> str:
    if {"http", "https", "all"} & urllib.request.getproxies().keys():
        return "Proxies are not used for pictures; download it by other means and name the file"
    return "Check the address and the connection to the internet"
