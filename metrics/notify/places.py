"""Which server may be spoken to, and at which of its addresses.

A name is allowed in the workspace; where it leads is looked up here, every address is judged, and the
connection goes to an address that was judged: a name that leads elsewhere a moment later changes nothing.

Without a word in the workspace no address of this machine or of an inner network is spoken to: a webhook
must not become a way to services that trust whoever stands inside. A mail relay often does stand inside,
and so does the server of a test; the workspace names such a one by host *and* port, `inner_hosts`, which
opens that port and nothing else. Link-local addresses stay closed even then: nothing that takes mail
lives there, and the secrets of a cloud machine do (169.254.169.254).

Source: platform.md section 4, row 19.
"""

import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from metrics.errors import NotifyError

Ip = IPv4Address | IPv6Address

SMTP_PORTS: Mapping[str, int] = {"smtp": 25, "smtps": 465}
HTTP_PORTS: Mapping[str, int] = {"https": 443, "http": 80}
NAT64 = IPv6Network("64:ff9b::/96")  # An IPv4 address in its last 32 bits.


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may be spoken to.

    Attributes:
        allowed: Hosts on the internet.
        inner: `host:port` of servers on this machine or an inner network.
    """

    allowed: Collection[str] = ()
    inner: Collection[str] = ()

    def knows(self, host: str) -> bool:
        """Whether a host is named at all."""
        named = {name.lower() for name in self.allowed} | {_host(pair) for pair in self.inner}
        return host.lower() in named

    def opens(self, host: str, port: int) -> bool:
        """Whether a server may stand on an inner network."""
        return (host.lower(), port) in {(_host(pair), int(pair.rpartition(":")[2])) for pair in self.inner}


@dataclass(frozen=True, slots=True)
class Place:
    """A server that may be spoken to.

    Attributes:
        host: Its name, to which its certificate is held.
        port: Its port.
        addresses: Where it is; connect to one of these and to no other.
        inner: The workspace names it as a server of an inner network.
    """

    host: str
    port: int
    addresses: tuple[str, ...]
    inner: bool

    def connected(self, patience: float) -> socket.socket:
        """A connection to the first address that answers; OSError if none does."""
        last: OSError = OSError("no address")
        for address in self.addresses:
            try:
                return socket.create_connection((address, self.port), patience)
            except OSError as error:
                last = error
        raise last


def checked_host(url: str, rules: Rules, schemes: Collection[str]) -> str:
    """The host of an address that may be spoken to, by its name; where it leads is not looked up.

    Raises:
        NotifyError: It is no such address, or its host is not among those allowed.
    """
    return _parts(url, rules, schemes)[1]


def place(url: str, rules: Rules, schemes: Mapping[str, int]) -> Place | str:
    """The server that an address leads to.

    Args:
        url: With a scheme among `schemes`.
        rules: Who may be spoken to.
        schemes: To the port that each means.

    Returns:
        The server; or why its name leads nowhere just now, in words.

    Raises:
        NotifyError: It is no such address, its host is not among those allowed, or it leads to a place that
            may not be spoken to. Nothing was sent.
    """
    parts, host = _parts(url, rules, schemes)
    port = parts.port or schemes[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return f"{host} cannot be found ({getattr(error, 'strerror', None) or error})"
    addresses = tuple(dict.fromkeys(str(where[4][0]) for where in found))
    inner = rules.opens(host, port)
    if not inner and host.lower() not in {name.lower() for name in rules.allowed}:
        raise NotifyError(
            f"{host} may be told at other ports than {port} only (notify.inner_hosts). Nothing was sent."
        )
    for address in addresses:
        if why := refusal(address, inner=inner):
            help_ = "" if inner else f" If it is meant, name it in notify.inner_hosts: {host}:{port}."
            raise NotifyError(f"{host} leads to {address}, {why}. Nothing was sent.{help_}")
    return Place(host, port, addresses, inner)


def refusal(address: str, *, inner: bool = False) -> str:
    """Why an address may not be spoken to, in words; empty if it may.

    Args:
        address: IPv4 or IPv6, as the resolver wrote it.
        inner: Whether the workspace opens this machine or the inner network for it.
    """
    where = _meant(ip_address(address.partition("%")[0]))
    if where.is_link_local:
        return "a link-local address, where nothing that is told lives"
    if where.is_multicast or where.is_unspecified:
        return "which is no server's address"
    if inner:
        return ""
    if where.is_loopback:
        return "which is this machine"
    return "" if where.is_global else "an address of an inner network"


def _meant(address: Ip) -> Ip:
    """The IPv4 address inside an IPv6 one, where it holds one: that is where the packets go."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def _parts(url: str, rules: Rules, schemes: Collection[str]) -> tuple[SplitResult, str]:
    # No message holds a part of the address: it is a secret, and may be no address at all but a password.
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port  # A port that is no number is told here.
    except ValueError:
        raise NotifyError(f"The address cannot be read. Write it as {_like(schemes)}.") from None
    if parts.scheme not in schemes or not host:
        raise NotifyError(f"An address like {_like(schemes)} is needed; this one begins otherwise.")
    if not rules.knows(host):
        known = ", ".join(sorted({*rules.allowed, *rules.inner})) or "none"
        raise NotifyError(
            f"{host} is not among the hosts that may be told (notify.allowed_hosts: {known}). "
            "Nothing was sent."
        )
    return parts, host


def _host(pair: str) -> str:
    return pair.rpartition(":")[0].strip("[]").lower()


def _like(schemes: Collection[str]) -> str:
    return "smtp://user:password@host:587" if "smtp" in schemes else "https://host/path"
