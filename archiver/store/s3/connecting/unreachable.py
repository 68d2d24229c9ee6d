"""Why no answer came from a bucket's server, as far as the layers beneath tell, and what helps."""

from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    SSLError,
)
from urllib3.exceptions import HTTPError, NameResolutionError

from archiver.http.connections import TlsFault, tls_fault

Told = tuple[str, str]
_PLAIN = "http://"
_AT_A_BUCKET = "s3_endpoint; with s3_style = path, the bucket's name is no part of the host"
_PROXY = ("the proxy can't be reached, or refused to connect", "Check proxy.")
_NOT_KNOWN = ("its server's name is not known", "Check s3_endpoint, s3_region and the network.")
_NO_HEADER = (
    "the access key or the session token has a character that no header takes",
    "Look for a line break or a blank where the credentials are kept.",
)
_HUNG_UP = (
    "the server can't be reached, or stopped answering: it closed the connection",
    "Check the network and s3_endpoint: if https is spoken there, it must begin with https://.",
)


def told(error: BotoCoreError | HTTPError) -> Told:
    """Return what happened, in words that fit after a colon, and what to do."""
    if isinstance(error, SSLError):
        fault = tls_fault(error)
        where = _AT_A_BUCKET if fault is TlsFault.OTHER_HOST else "s3_endpoint"
        return (fault.value, fault.advice(where)) if fault else _away(error)
    if isinstance(error, ProxyConnectionError):
        return _PROXY
    if isinstance(error, EndpointConnectionError) and _is_nameless(error):
        return _NOT_KNOWN
    if isinstance(error, HTTPClientError) and isinstance(error.kwargs.get("error"), ValueError):
        return _NO_HEADER
    is_hung_up = isinstance(error, ConnectionClosedError)
    return _HUNG_UP if is_hung_up and _PLAIN in str(error) else _away(error)


def _away(error: BotoCoreError | HTTPError) -> Told:
    """Return that no answer came, and from whom if that is known: no more of the address."""
    asked = error.kwargs.get("endpoint_url") if isinstance(error, BotoCoreError) else None
    host = urlsplit(str(asked or "")).netloc.rpartition("@")[2]
    who = f"the server {host}" if host else "the server"
    return f"{who} can't be reached, or stopped answering", "Check the network and s3_endpoint."


def _is_nameless(error: EndpointConnectionError) -> bool:
    """Whether the host's name could not be turned into an address."""
    return isinstance(error.kwargs.get("error"), NameResolutionError)
