# SPDX-License-Identifier: Apache-2.0
"""Which addresses a message may go to: none inside the operator's own network, unless he allows it.

A lender chooses the address, and the notary's process stands behind the operator's firewall: without this, a webhook
would be a way in (server-side request forgery). A name is resolved for each attempt, every address it has must be
allowed, and the connection is made to the address that was looked at, so that a name cannot change in between.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from notary.errors import Fault, InvalidInputError

MAX_URL = 2048
_NAT64 = ip_network("64:ff9b::/96")

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class ForbiddenAddressError(InvalidInputError):
    """Raised when a webhook's address, or what its name resolves to, is not a public one."""

    def __init__(self, host: str) -> None:
        super().__init__(Fault("/url", f"{host} is not an address that messages may be sent to"))


@dataclass(frozen=True)
class Target:
    """Where a message goes: scheme, host as the receiver knows it, port, and path with query."""

    scheme: str
    host: str
    port: int
    path: str


def parse_target(url: str, allowed: Sequence[Network]) -> Target:
    """Read a webhook's URL. Raises `InvalidInputError`, `ForbiddenAddressError` for a literal address.

    The scheme is https; http is taken where `allowed` names networks of the operator's own.
    """
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise InvalidInputError(Fault("/url", f"must be a URL of at most {MAX_URL} printable ASCII characters"))
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        # What looks a name up ends with the same `ValueError`: an empty label, or one of more than 63 characters.
        (host or "").encode("idna")
    except ValueError:
        raise InvalidInputError(Fault("/url", "is not a URL")) from None
    if parts.scheme not in (("https", "http") if allowed else ("https",)):
        raise InvalidInputError(Fault("/url", "must begin with https://"))
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidInputError(Fault("/url", "must have a host, and neither a login nor a fragment"))
    literal = _literal(host)
    if literal is not None and not _may_go_to(literal, allowed):
        raise ForbiddenAddressError(host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or {"https": 443, "http": 80}[parts.scheme], path)


def resolve(target: Target, allowed: Sequence[Network]) -> str:
    """Return an address of the target.

    Raises `ForbiddenAddressError` if any address that it has is not allowed, `OSError` if it has none.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(item[4][0]) for item in found]
    for address in addresses:
        if not _may_go_to(ip_address(address.partition("%")[0]), allowed):
            raise ForbiddenAddressError(target.host)
    return addresses[0]


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _may_go_to(address: Address, allowed: Sequence[Network]) -> bool:
    if any(address in network for network in allowed):
        return True
    if isinstance(address, IPv6Address) and (inner := _embedded(address)) is not None:
        return _may_go_to(inner, allowed)
    return address.is_global and not address.is_multicast


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one leads to: mapped, 6to4, Teredo, or NAT64 (RFC 6052)."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
