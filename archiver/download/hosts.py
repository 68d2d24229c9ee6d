"""Which media hosts we fetch from: an allow-list, checked on the parsed address that is used.

Allowed are ``*.amazonaws.com`` over https, the endpoint's own host, and what ``media_hosts`` lists.
Whatever spelling an address comes in, the parser that checks it is the one that connects.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from archiver.errors import Refused

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_PORTS = {"https": 443, "http": 80}
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Place:
    """One allowed place: a host (``*.`` in front for all below it), a scheme, a port or any."""

    host: str
    scheme: str = "https"
    port: int | None = 443

    def holds(self, scheme: str, host: str, port: int) -> bool:
        """Whether an address lies here."""
        name_fits = host.endswith(self.host[1:]) if self.host[:2] == "*." else host == self.host
        return name_fits and scheme == self.scheme and self.port in {None, port}


AMAZON = Place("*.amazonaws.com")


@dataclass(frozen=True, slots=True)
class Hosts:
    """The allow-list of one run. ``may_be_private`` holds hosts whose address may be private."""

    places: tuple[Place, ...]
    may_be_private: frozenset[str]

    @classmethod
    def of(cls, endpoint: str, media_hosts: Iterable[str]) -> "Hosts":
        """Build the list from the endpoint and the setting ``media_hosts``.

        An entry is ``host``, ``host:port``, ``*.suffix`` or ``http://host:port``.
        """
        own = httpx.URL(endpoint)
        listed = [_place(entry) for entry in media_hosts]
        private = [place.host for place in listed]
        if is_loopback(own.host):
            ours = Place(own.host, own.scheme, None)
        else:
            ours = Place(own.host, own.scheme, own.port or _PORTS[own.scheme])
        if is_inside(own.host):
            private.append(own.host)
        return cls((AMAZON, ours, *listed), frozenset(private))

    def permit(self, link: str) -> httpx.URL:
        """Return the address to fetch; raises :class:`Refused` with the setting to add."""
        try:
            url = httpx.URL(link)
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise Refused("its link is not an address") from error
        host, scheme = url.host, url.scheme
        if scheme not in _PORTS or url.userinfo or url.fragment or not _is_plain(link, url):
            raise Refused("its link is not a plain web address")
        port = url.port or _PORTS[scheme]
        if any(place.holds(scheme, host, port) for place in self.places):
            return url
        shown = host if (scheme, port) == ("https", 443) else f"{scheme}://{host}:{port}"
        raise Refused(
            f'its link leads to {shown}, which is not allowed; if it is right, set media_hosts = ["{shown}"]'
        )

    def may_connect_privately(self, host: str) -> bool:
        """Whether the address behind ``host`` may be one of a private network."""
        return host in self.may_be_private


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by name or number."""
    address = _literal(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def is_inside(host: str) -> bool:
    """Whether a host is written as an address that the public network does not have."""
    address = _literal(host)
    return is_loopback(host) or (address is not None and not is_public(address))


def is_public(address: IpAddress) -> bool:
    """Whether an address, and any IPv4 address embedded in it, belongs to the public network.

    NAT64 (64:ff9b::/96, RFC 6052), 6to4, Teredo and IPv4-mapped addresses reach an IPv4 host that
    Python's ``is_global`` does not look at.
    """
    if isinstance(address, ipaddress.IPv6Address):
        embedded = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in NAT64:
            embedded.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        return address.is_global and all(inner is None or is_public(inner) for inner in embedded)
    return address.is_global and not address.is_multicast


NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _literal(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_plain(link: str, url: httpx.URL) -> bool:
    """Whether the host is an ordinary name or a canonical address, written as it is used."""
    written = re.match(r"(?i)https?://([^/?#]*)", link)
    if written is None:
        return False
    authority = written[1].lower()
    literal = _literal(url.host)
    if literal is not None:
        shown = f"[{literal}]" if literal.version == 6 else str(literal)  # noqa: PLR2004 - IPv6
        return authority in {shown, f"{shown}:{url.port}"}
    labels = url.host.split(".")
    is_number = labels[-1].isdigit() or labels[-1].startswith("0x")
    is_name = bool(_NAME.fullmatch(url.host)) and not is_number
    return is_name and authority in {url.host, f"{url.host}:{url.port}"}


def _place(entry: str) -> Place:
    scheme, _, rest = entry.rpartition("://")
    scheme = scheme or "https"
    host, _, port = rest.rstrip("/").lower().rpartition(":")
    if not host or not port.isdigit():
        return Place(rest.rstrip("/").lower(), scheme, _PORTS[scheme])
    return Place(host.strip("[]"), scheme, int(port))
