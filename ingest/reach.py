"""Which hosts may be fetched from: public ones, so that an address typed into the page reads nothing of our network.

What counts is the address that is connected to, looked up once and then used: not the name, which may lead elsewhere
the next time (DNS rebinding), nor the way the address is written. OWASP's cheat sheet on server-side request forgery.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.request import getproxies

import httpcore
import httpx

from rag.errors import SourceRefusedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Host and port to numeric addresses; raises OSError when there are none.
Resolve = Callable[[str, int], list[str]]

MAX_REDIRECTS = 5
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system finds them, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).split("%")[0] for entry in found))


def is_public(address: str) -> bool:
    """Whether a numeric address is one of the public internet, by the registries of special addresses (RFC 6890)."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        within = [ip.ipv4_mapped, ip.sixtofour, ip.teredo[1] if ip.teredo else None]
        if ip in _NAT64:
            within.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if any(one is not None for one in within):  # what is packed in it is where it leads
            return all(_global(one) for one in within if one is not None)
    return _global(ip)


def _global(ip: Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class Reach:
    """Finds the addresses of hosts, and refuses those that lead anywhere but to the public internet.

    `allowed` are hosts of our own network that may be fetched from all the same, as they stand in an address.
    """

    def __init__(self, allowed: Iterable[str] = (), resolve: Resolve = look_up) -> None:
        self._allowed = {name.strip().lower().strip("[]") for name in allowed if name.strip()}
        self._resolve = resolve

    def addresses(self, host: str, port: int) -> list[str]:
        """Where a host is.

        Raises SourceRefusedError when one of its addresses is not public, OSError when it has none.
        """
        found = self._resolve(host, port)
        if host.lower().strip("[]") not in self._allowed and not all(is_public(address) for address in found):
            raise SourceRefusedError(
                f"{host} is not in the public internet; if it is a host of your own that may be read, name it in "
                "BRIEFDESK_PRIVATE_HOSTS"
            )
        return found

    def client(self, *, timeout_s: float, headers: dict[str, str]) -> httpx.Client:
        """A client that connects to such hosts only, also where it is sent on to.

        Behind a proxy it is the proxy that connects: a name is looked up here all the same, if it can be.
        """
        options: dict[str, Any] = {
            "timeout": timeout_s,
            "follow_redirects": True,
            "max_redirects": MAX_REDIRECTS,
            "headers": headers,
        }
        if getproxies().keys() & {"http", "https", "all"}:
            return httpx.Client(event_hooks={"request": [self._check]}, **options)
        transport = httpx.HTTPTransport()
        # httpx has no way of its own to say how a connection is made; httpcore, which makes it, has.
        transport._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=_Connecting(self)
        )
        return httpx.Client(transport=transport, **options)

    def _check(self, request: httpx.Request) -> None:
        try:
            self.addresses(request.url.host, request.url.port or 443)
        except OSError:
            return  # a name that only the proxy knows


class _Connecting(httpcore.NetworkBackend):
    """Connects to the very address that was looked at; the certificate is still that of the name."""

    def __init__(self, reach: Reach) -> None:
        self._reach, self._plain = reach, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        try:
            found = self._reach.addresses(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} has no address ({error})") from error
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in found:
            try:
                return self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("sockets of this machine are not fetched from")

    def sleep(self, seconds: float) -> None:
        self._plain.sleep(seconds)
