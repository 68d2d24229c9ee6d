"""Whether a server that answers the beginning of TLS with silence speaks TLS at all.

One that speaks plain HTTP takes TLS's first record for the beginning of a line, and waits for its
end until somebody's patience does. Given the end, it says what it makes of it.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket

NO_TLS = "no TLS record came"
"""How the error says so."""
_END_OF_HEADERS = b"\r\n\r\n"
_RECORDS = range(20, 25)
"""What a record of TLS begins with (RFC 8446, B.1; RFC 6520, 6)."""
_WAIT_S = 2.0


@contextmanager
def kept_open(line: object) -> Iterator[socket | None]:
    """Yield a TCP connection that outlives a handshake over ``line``; ``None`` within other TLS."""
    if not isinstance(line, socket) or isinstance(line, ssl.SSLSocket):
        yield None
        return
    with line.dup() as copy:
        yield copy


def speaks_no_tls(line: socket | None) -> bool:
    """End the line that the server waits for; whether what it says then is no TLS."""
    if line is None:
        return False
    line.settimeout(_WAIT_S)
    try:
        line.sendall(_END_OF_HEADERS)
        said = line.recv(1)
    except OSError:
        return False
    return bool(said) and said[0] not in _RECORDS
