r"""Cutting secrets out of served text: the query of any address, wherever and however it stands.

A link's query is its credential. Portals put links into other fields too, some inside JSON text
whose slashes are escaped, some without a scheme, some by older signature schemes.

>>> without_queries("see https:\\/\\/b.s3.amazonaws.com\\/k?X-Amz-Signature=00 for it")
'see https:\\/\\/b.s3.amazonaws.com\\/k for it'
"""

import re

from archiver.recordings import Json

_WORD = re.compile(r"(?<!\S)([a-z][a-z0-9+.-]*://[^\s?#]*)[?#]\S*", re.IGNORECASE)
"""A word that begins as an address: quotation marks and angle brackets in it are part of it."""
_QUERY = re.compile(r"((?:\\?/){2}[^\s?#\"'<>]*)(?:[?#][^\s\"'<>]*)?")
"""An address in other text; it is matched without a query too, so that none is read twice."""
_CREDENTIAL = re.compile(
    r"[?&](?:amp;)?(?:X-Amz-[\w-]+|Signature|AWSAccessKeyId|access_token|token)=[^\s\"'<>]*",
    re.IGNORECASE,
)


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
    return _CREDENTIAL.sub("", _QUERY.sub(r"\1", _WORD.sub(r"\1", text)))
