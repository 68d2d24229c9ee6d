"""Which proxy a request goes through: the setting, else the environment's, and never by accident.

The HTTP clients run with ``trust_env=False``, so that no stray ``.netrc``, ``SSL_CERT_FILE`` or
proxy variable changes where a token goes; what is honoured of the environment is all here.
"""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from archiver.config.endpoints import proxy_address
from archiver.config.settings import LOOPBACK, Settings
from archiver.errors import UsageError
from archiver.secret import Secret

VARIABLES = frozenset({"https_proxy", "http_proxy", "all_proxy", "no_proxy"})
"""Those of the environment that are honoured, in either case but for one."""
_LOWER = "http_proxy"
"""Not honoured in capitals: to a CGI program, ``HTTP_PROXY`` is a header that anybody sends."""
_SEPARATORS = re.compile(r"[\s,]+")


def proxy_for(url: str, settings: Settings, environ: Mapping[str, str]) -> Secret | None:
    """Return the proxy for ``url``, which may hold a password, or ``None`` for none.

    The :data:`VARIABLES` are read as curl reads them; loopback is always direct. Raises
    :class:`UsageError` for a proxy that cannot be used.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if host in LOOPBACK or _is_direct(host, _variable("no_proxy", environ)):
        return None
    if settings.network.proxy is not None:
        return settings.network.proxy
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        if text := _variable(name, environ):
            try:
                return proxy_address(text if "://" in text else f"http://{text}")
            except UsageError as error:
                named = name if environ.get(name) else name.upper()
                raise UsageError(f"{named} {error.message}.") from error
    return None


def unread(environ: Mapping[str, str]) -> bool:
    """Whether a proxy for http is named in capitals only, where curl doesn't read it either."""
    return bool(environ.get(_LOWER.upper())) and not environ.get(_LOWER)


def _variable(name: str, environ: Mapping[str, str]) -> str:
    in_capitals = "" if name == _LOWER else environ.get(name.upper())
    return environ.get(name) or in_capitals or ""


def _is_direct(host: str, exceptions: str) -> bool:
    """Whether ``host`` is one of the names, or below one of them, or in one of the networks.

    A ``*`` alone stands for every host.
    """
    if exceptions.strip() == "*":
        return True
    listed = [each.lower().strip(".") for each in _SEPARATORS.split(exceptions) if each]
    address = _network(host)
    if address is None:
        return any(name and f".{host}".endswith(f".{name}") for name in listed)
    networks = (network for each in listed if (network := _network(each)))
    return any(address[0] in network for network in networks)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Read an address, or a network in CIDR notation; ``None`` for a name or a netmask."""
    address, _, bits = text.partition("/")
    try:
        return ipaddress.ip_network(
            f"{address.strip('[]')}/{int(bits)}" if bits else address.strip("[]"), strict=False
        )
    except ValueError:
        return None
