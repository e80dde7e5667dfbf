"""Which addresses a client may go to: scheme, host, and the IP address behind the host."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from talkmill.errors import NotAccepted, Refused

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) -> its IP addresses; raises OSError."""


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of `host`, IPv4 first."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in sorted(found, key=lambda info: info[0] != socket.AF_INET)))


@dataclass(frozen=True)
class Place:
    """One checked address: where to connect, and under which name."""

    scheme: str
    host: str
    port: int
    target: str  # path and query
    connect: str  # the IP address that was checked, or the host where a proxy resolves it

    @property
    def url(self) -> str:
        """What is connected to; the name goes into Host and SNI."""
        name = f"[{self.connect}]" if ":" in self.connect else self.connect
        return f"{self.scheme}://{name}:{self.port}{self.target}"

    @property
    def authority(self) -> str:
        """The Host header."""
        usual = {"https": 443, "http": 80}[self.scheme]
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == usual else f"{host}:{self.port}"


@dataclass(frozen=True)
class AllowList:
    """Hosts of one provider: its API at `base`, and the domains (with what is below them) from which results come.

    Only https on port 443 is gone to, and never an address that is not public: private networks, this machine, link-local
    addresses (where clouds keep their secrets). Scheme, host and port of `base` itself are exempt: whoever sets it means it.
    The address is resolved once and connected to as checked, so that a name cannot change its mind in between. Behind a
    proxy of the environment's (HTTPS_PROXY) the proxy resolves the names, and only what the address says is checked.
    """

    name: str  # the provider's, for messages
    base: str
    domains: tuple[str, ...] = ()
    resolve: Resolve = resolve

    def check(self, url: str, what: str = "address") -> Place:
        """Where `url` leads.

        Raises:
            Refused: it may not be gone to.
            NotAccepted: its name cannot be resolved now.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
        except ValueError:
            raise self._refuse(what, "it is no address", "") from None
        host = (parts.hostname or "").rstrip(".").lower()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not host or parts.scheme not in ("https", "http"):
            raise self._refuse(what, f"scheme {parts.scheme or 'none'!r}", host)
        if parts.username or parts.password:
            raise self._refuse(what, "a user name in it", host)
        if (parts.scheme, host, port) == self._home():
            return Place(parts.scheme, host, port, target, host)
        if parts.scheme != "https" or port != 443:
            raise self._refuse(what, f"{parts.scheme} on port {port}, not https on 443", host)
        literal = _literal(host)
        if literal is not None and not public(literal):
            raise self._refuse(what, "not a public address", host)
        if not any(host == domain or host.endswith(f".{domain}") for domain in self.domains):
            raise self._refuse(what, "none of its known hosts", host, known=True)
        if {"https", "all"} & set(getproxies()) and not proxy_bypass(host):
            return Place(parts.scheme, host, port, target, host)
        try:
            found = [host] if literal is not None else list(self.resolve(host, port))
        except OSError as error:
            raise NotAccepted(f"{self.name}: the name {host} cannot be resolved ({error}). Look at the network.") from None
        if not found or not all(public(ipaddress.ip_address(item.partition("%")[0])) for item in found):
            raise self._refuse(what, f"its name leads to {found[0] if found else 'nothing'}, not a public address", host)
        return Place(parts.scheme, host, port, target, found[0])

    def _home(self) -> tuple[str, str, int]:
        parts = urlsplit(self.base)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)

    def _refuse(self, what: str, why: str, host: str, known: bool = False) -> Refused:
        cure = (
            f"If {host} is really theirs, add it to providers.{self.name}.hosts in config.yaml."
            if known
            else f"Nothing was fetched; look at what {self.name} answers."
        )
        return Refused(f"{self.name}: the {what} may not be gone to ({host or 'no host'}: {why}). {cure}")


def public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether the whole world can reach it; an IPv4 address inside an IPv6 one counts as what it is."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if inner:
            return public(inner)
        if address in ipaddress.ip_network("64:ff9b::/96"):  # NAT64: the last 32 bits are an IPv4 address
            return public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
