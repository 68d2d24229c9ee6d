r"""Cutting secrets out of served text: the query of any address, wherever and however it stands.

A link's query is its credential. Portals put links into other fields too, some inside JSON text
whose slashes are escaped once or twice, some without a scheme, some inside another address, some by
the signature schemes of other clouds. Every pattern begins where no other match of it can end, or
reads nothing twice: the time is linear in the text, whoever wrote it.

>>> without_queries("see https:\\/\\/b.s3.amazonaws.com\\/k?X-Amz-Signature=00 for it")
'see https:\\/\\/b.s3.amazonaws.com\\/k for it'
"""

import re

from archiver.recordings import Json

_QUERY = r"(?:[?#]|%(?:25)*3f|\\u003f)"
"""What begins a query: also where an address stands, encoded once or more, within another."""
_AND = r"(?:&amp;|[?&#;]|%(?:25)*(?:3f|26|23|3b)|\\u00(?:3f|26|23|3b))"
_IS = r"(?:=|%(?:25)*3d|\\u003d)"
_CREDENTIALS = (
    r"X-(?:Amz|Goog|Oss)-[\w-]+|Signature|sig|Policy|Key-Pair-Id|AWSAccessKeyId|GoogleAccessId"
    r"|OSSAccessKeyId|access_token|token"
)
_WORD = re.compile(r"(?<!\S)[a-z][a-z0-9+.-]*:\\*/\\*/\S*", re.IGNORECASE)
"""A word that begins as an address: quotation marks and angle brackets in it are part of it."""
_ADDRESS = re.compile(r"(?:/\\*/|%(?:25)*2f%(?:25)*2f)[^\s\"'<>]*", re.IGNORECASE)
"""An address in other text, whatever escapes its slashes; matched whole, so it is read once."""
_BARE = re.compile(
    r"(?<![^\s\"'<>])([\w-]+(?:\.[\w-]+)+(?::[0-9]+)?\\*/[^\s\"'<>?]*)\?[^\s\"'<>=]*=[^\s\"'<>]*"
)
"""An address without a scheme, known by its dotted host, its path and a parameter."""
_CREDENTIAL = re.compile(rf"{_AND}(?:{_CREDENTIALS}){_IS}[^\s\"'<>]*", re.IGNORECASE)
_CUT = re.compile(_QUERY, re.IGNORECASE)


def without_queries(value: Json) -> Json:
    """Return ``value`` with every address in it, names of fields included, cut at its query."""
    match value:
        case str():
            return clean(value)
        case list():
            return [without_queries(item) for item in value]
        case dict():
            return {clean(name): without_queries(item) for name, item in value.items()}
        case _:
            return value


def clean(text: str) -> str:
    """Return text without the query of any address, and without parameters that are credentials."""
    for addresses in (_WORD, _ADDRESS):
        text = addresses.sub(_without_query, text)
    return _CREDENTIAL.sub("", _BARE.sub(r"\1", text))


def _without_query(address: re.Match[str]) -> str:
    return _CUT.split(address[0], maxsplit=1)[0]
