"""Why no answer came from a bucket's server, as far as the layers beneath tell, and what helps.

Of a certificate they tell in words alone, which are OpenSSL's.
"""

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    EndpointConnectionError,
    ProxyConnectionError,
    SSLError,
)
from urllib3.exceptions import HTTPError, NameResolutionError

Told = tuple[str, str]
_NAMES = ("HOSTNAME MISMATCH", "IP ADDRESS MISMATCH", "DOESN'T MATCH")
_NO_TLS = (
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER",
    "RECORD LAYER",
    "UNKNOWN_PROTOCOL",
    "HTTP_REQUEST",
)
_PLAIN = "http://"
_CERTIFICATE: dict[tuple[str, ...], Told] = {
    _NAMES: (
        "its server's certificate is that of another host",
        "Check s3_endpoint; with s3_style = path, the bucket's name is no part of the host.",
    ),
    ("EXPIRED", "NOT YET VALID"): (
        "its server's certificate is not valid today",
        "Have it renewed, or set this machine's clock.",
    ),
    ("CERTIFICATE",): (
        "its server's certificate is not trusted",
        "If an authority of your own signs it, set ca_bundle to its file.",
    ),
    _NO_TLS: (
        "its server does not speak https there",
        "Check s3_endpoint: the port, or whether it is to begin with http://.",
    ),
}
_PROXY = ("the proxy can't be reached, or refused to connect", "Check proxy.")
_NOT_KNOWN = ("its server's name is not known", "Check s3_endpoint, s3_region and the network.")
_HUNG_UP = (
    "the server can't be reached, or stopped answering: it closed the connection",
    "Check the network and s3_endpoint: if https is spoken there, it must begin with https://.",
)
_AWAY = ("the server can't be reached, or stopped answering", "Check the network and s3_endpoint.")


def told(error: BotoCoreError | HTTPError) -> Told:
    """Return what happened, in words that fit after a colon, and what to do."""
    text = str(error).upper()
    if isinstance(error, SSLError):
        found = (
            what for signs, what in _CERTIFICATE.items() if any(each in text for each in signs)
        )
        return next(found, _AWAY)
    if isinstance(error, ProxyConnectionError):
        return _PROXY
    if isinstance(error, EndpointConnectionError) and _is_nameless(error):
        return _NOT_KNOWN
    is_hung_up = isinstance(error, ConnectionClosedError)
    return _HUNG_UP if is_hung_up and _PLAIN in str(error) else _AWAY


def _is_nameless(error: EndpointConnectionError) -> bool:
    """Whether the host's name could not be turned into an address."""
    return isinstance(error.kwargs.get("error"), NameResolutionError)
