"""Where a link may lead: the allow-list. Pure; ``addresses`` judges the addresses behind the names.

>>> link = parse(Secret("https://media.example/one.mp3"))
>>> AllowList.of("https://portal.example/api/v2/", []).permit(link)
Traceback (most recent call last):
archiver.errors.Refused: The link leads to a host that is not allowed: media.example.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from archiver.errors import Refused, UsageError
from archiver.media.link import DEFAULT_PORTS, Link, parse
from archiver.secret import Secret

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class AllowedHost(Struct, frozen=True):
    """One line of the list: ``host`` may begin with ``*.``; ``None`` is any scheme, any port."""

    scheme: str | None
    host: str
    port: int | None

    def covers(self, link: Link) -> bool:
        """Whether it allows ``link``. A wildcard stands for names, never for addresses."""
        is_same = self.scheme in {None, link.scheme} and self.port in {None, link.port}
        return is_same and self.has(link)

    def has(self, link: Link) -> bool:
        """Whether it allows the host of ``link``, if perhaps not by this way."""
        if self.host.startswith("*."):
            return link.host.endswith(self.host[1:]) and not is_address(link.host)
        return link.host == self.host


AMAZON = AllowedHost("https", "*.amazonaws.com", 443)


class AllowList(Struct, frozen=True):
    """The hosts that links may lead to, and those of them that may be on a private network."""

    entries: tuple[AllowedHost, ...]
    private: frozenset[str]

    @classmethod
    def of(cls, endpoint: str, media_hosts: Iterable[str]) -> "AllowList":
        """Allow S3, the endpoint's own host and what the setting ``media_hosts`` names.

        An entry is ``host``, ``host:port``, ``*.suffix`` (https) or ``http://host[:port]``.
        On a loopback endpoint any port of the same host will do. A host that is named in full may
        be on a private network, a wildcard's not. Raises UsageError.
        """
        own = _own(endpoint)
        listed = [_read(entry) for entry in media_hosts]
        private = {entry.host for entry in listed if not entry.host.startswith("*.")}
        private |= {entry.host for entry in own if entry.host in LOOPBACK or is_address(entry.host)}
        return cls((AMAZON, *own, *listed), frozenset(private))

    def permit(self, link: Link) -> None:
        """Raise Refused, with the line of settings that would allow it, unless ``link`` may be."""
        if not link.host:
            raise Refused(
                f"The portal's link is not a plain http or https address: {link.flaw}.",
                advice="Ask the provider for links as S3 signs them.",
            )
        if not any(entry.covers(link) for entry in self.entries):
            raise Refused(
                f"The link leads to a host that is not allowed: {link.host}{self._nearly(link)}.",
                advice=f'If it is the provider\'s, set media_hosts = ["{_line(link)}"].',
            )

    def _nearly(self, link: Link) -> str:
        """Say by which way a host is allowed that is not by this one."""
        ways = [f"{entry.scheme}, port {entry.port}" for entry in self.entries if entry.has(link)]
        got = f"{link.scheme}, port {link.port}"
        return f" by {got} (but by {' and by '.join(dict.fromkeys(ways))})" if ways else ""


def is_address(host: str) -> bool:
    """Whether a resolver could take ``host`` for an IP address, in any spelling.

    No name ends in a number (WHATWG URL, "ends in a number"), so 127.1, 0x7f000001 and 2130706433
    are addresses all the same.
    """
    return host.startswith("[") or _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _own(endpoint: str) -> tuple[AllowedHost, ...]:
    link = parse(Secret(endpoint))
    if not link.host:
        raise UsageError("The endpoint is not a plain http or https address.")
    if link.host in LOOPBACK:
        return (AllowedHost(None, link.host, None),)
    return (AllowedHost(link.scheme, link.host, link.port), AllowedHost("https", link.host, 443))


def _read(entry: str) -> AllowedHost:
    scheme, _, host = entry.rpartition("://")
    name = host.removeprefix("*.")
    link = parse(Secret(f"{scheme or 'https'}://{name}/"))
    wildcard = name != host
    if link.target != "/" or (wildcard and is_address(link.host)):
        raise UsageError(
            "media_hosts has an entry that is no host.",
            advice='Write "media.example.com", "host:8443", "*.example.com" or "http://host:9000".',
        )
    return AllowedHost(link.scheme, f"*.{link.host}" if wildcard else link.host, link.port)


def _line(link: Link) -> str:
    port = "" if link.port == DEFAULT_PORTS[link.scheme] else f":{link.port}"
    return f"{'http://' if link.scheme == 'http' else ''}{link.host}{port}"
