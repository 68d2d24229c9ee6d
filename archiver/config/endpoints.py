"""Readers of addresses: the portal's, a proxy's, a server's, a check's, and hosts of recordings."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

from archiver.config.readers import one_line
from archiver.errors import UsageError
from archiver.secret import Secret

API = "api/v2"
_PORTS = {"http": 80, "https": 443}
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_PLACE = re.compile(r"(https?://)?(\*\.)?[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*(:[0-9]{1,5})?")
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")


def normalise_endpoint(text: str) -> str:
    """Return ``scheme://host[:port]/[path/]api/v2/``, whichever way the endpoint was written.

    Raises :class:`UsageError` for anything but an http(s) address of a host and a plain path.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError("is not an address") from error
    if parts.scheme not in {"http", "https"}:
        raise UsageError("must begin with https://")
    if "@" in parts.netloc:
        raise UsageError("must not hold a user name or password")
    if "?" in text or "#" in text:
        raise UsageError("must end before any ? or #; the token does not belong in it")
    if not (_HOST.fullmatch(host) or host == "::1") or not _PATH.fullmatch(parts.path) or port == 0:
        raise UsageError("must be https://, a host name and at most a plain path")
    where = (f"[{host}]" if ":" in host else host) + (f":{port}" if port is not None else "")
    stem = parts.path.strip("/").removesuffix(API).strip("/")
    return f"{parts.scheme}://{where}/" + "/".join(filter(None, (stem, API))) + "/"


def server(text: str) -> str:
    """Read the address of a bucket's server; raises ``ValueError``."""
    parts = urlsplit(text)
    is_plain = parts.scheme in {"http", "https"} and parts.path in {"", "/"} and parts.port != 0
    if not is_plain or not parts.hostname or "@" in text or parts.query or parts.fragment:
        raise ValueError("must be https:// and a host, with a port at most")
    return text.rstrip("/")


def proxy_address(value: object) -> Secret:
    """Read a proxy's address; a secret, since it may hold a password. Raises UsageError."""
    text = one_line(value)
    parts = _web_address(text)
    if parts is None or parts.port is None:
        raise UsageError("must be http://host:port or https://host:port")
    return Secret(text)


def ping_url(value: object) -> Secret:
    """Read the address of a check; a secret, since whoever knows it can ping."""
    text = one_line(value)
    parts = _web_address(text)
    has_more = parts is None or parts.query or parts.fragment or "@" in parts.netloc
    if has_more or " " in text or not text.isascii():
        raise UsageError(
            "must be https:// and the address of a check, without a query, user name or password"
        )
    return Secret(text)


def check_at(url: Secret) -> Secret:
    """Return what is the same of all addresses of one check, whichever way they are written."""
    parts = urlsplit(url.reveal())
    host = (parts.hostname or "").rstrip(".")
    port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
    return Secret(f"{host}{port}{unquote(parts.path).rstrip('/')}")


def _web_address(text: str) -> SplitResult | None:
    """Return the parts of an http(s) address, ``None`` of anything else."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        (parts.hostname or "").encode("idna")  # as a connection does: it knows of empty labels
    except ValueError:
        return None
    return parts if usable else None


def hosts(value: object) -> tuple[str, ...]:
    """Read the hosts of recordings, in lower case: a list, or with commas between."""
    names = value if isinstance(value, list) else one_line(value).split(",")
    hosts = tuple(one_line(name).lower() for name in names)
    if not hosts or not all(_PLACE.fullmatch(host) for host in hosts):
        raise UsageError('must be such as "media.example.com", "host:8443" or "*.example.com"')
    return hosts
