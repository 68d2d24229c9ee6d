"""Which proxy a request goes through: the setting, else the environment's, and never by accident.

The HTTP clients run with ``trust_env=False``, so that no stray ``.netrc``, ``SSL_CERT_FILE`` or
proxy variable changes where a token goes; what is honoured of the environment is all here.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from archiver.errors import UsageError
from archiver.secret import Secret
from archiver.settings import LOOPBACK, Settings, proxy_address

VARIABLES = frozenset({"https_proxy", "http_proxy", "all_proxy", "no_proxy"})
"""Those of the environment that are honoured, in either case."""


def proxy_for(url: str, settings: Settings, environ: Mapping[str, str]) -> Secret | None:
    """Return the proxy for ``url``, which may hold a password, or ``None`` for none.

    The :data:`VARIABLES` are read as curl reads them; loopback is always direct. Raises
    :class:`UsageError` for a proxy that cannot be used.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if host in LOOPBACK or _is_direct(host, _variable("no_proxy", environ)):
        return None
    if settings.proxy is not None:
        return settings.proxy
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        if text := _variable(name, environ):
            try:
                return proxy_address(text)
            except UsageError as error:
                raise UsageError(f"{name.upper()} {error.message}.") from error
    return None


def _variable(name: str, environ: Mapping[str, str]) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""


def _is_direct(host: str, exceptions: str) -> bool:
    """Whether ``host`` is one of the comma-separated names, or below one of them."""
    names = [name.strip().lower().lstrip(".") for name in exceptions.split(",")]
    return "*" in names or any(name and f".{host}".endswith(f".{name}") for name in names)
