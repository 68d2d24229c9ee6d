r"""Cutting secrets out of served text: the query of any address, wherever and however it stands.

A link's query is its credential. Portals put links into other fields too, some inside JSON text
whose slashes are escaped once or twice, some without a scheme, some inside another address, some by
the signature schemes of other clouds; and some put a query's fields there without any address, or
the token that they were asked with. Every pattern begins where no other match of it can end, or
reads nothing twice: the time is linear in the text, whoever wrote it.

>>> without_queries("see https:\\/\\/b.s3.amazonaws.com\\/k?X-Amz-Signature=00 for it")
'see https:\\/\\/b.s3.amazonaws.com\\/k for it'
>>> clean("signed with X-Amz-Signature=00, as Bearer 12|0123456789abcdef")
'signed with  as Bearer …'
"""

import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from archiver.json_documents import Json
from archiver.secret import Secret

HIDDEN = "…"
_QUERY = r"(?:[?#]|%(?:25)*3f|\\u003f)"
"""What begins a query: also where an address stands, encoded once or more, within another."""
_AND = r"(?:&amp;|[?&#;]|%(?:25)*(?:3f|26|23|3b)|\\u00(?:3f|26|23|3b))"
_IS = r"(?:=|%(?:25)*3d|\\u003d)"
_SURE = (
    r"(?:X-(?:Amz|Goog|Oss)-[\w-]{1,64}+|Key-Pair-Id|AWSAccessKeyId|GoogleAccessId|OSSAccessKeyId"
    r"|(?:access|refresh|id)_token|client_secret|api_?key)"
)
"""Names that nothing but a credential has, or what belongs to one."""
_VAGUE = r"(?:Signature|sig|Policy|token)"
"""Names that other things have as well: behind an address, or before what looks like a secret."""
_OPAQUE = r"[\w.~+/%=|-]{16,}"
_WORD = re.compile(r"(?<!\S)[a-z][a-z0-9+.-]*:\\*/\\*/\S*", re.IGNORECASE)
"""A word that begins as an address: quotation marks and angle brackets in it are part of it."""
_ADDRESS = re.compile(r"(?:/\\*/|%(?:25)*2f%(?:25)*2f)[^\s\"'<>]*", re.IGNORECASE)
"""An address in other text, whatever escapes its slashes; matched whole, so it is read once."""
_BARE = re.compile(
    r"(?<![^\s\"'<>])((?:[\w.-]++(?::[0-9]+)?)?\\*/[^\s\"'<>?]*|[\w.-]+\.[A-Za-z][A-Za-z0-9]{1,4})"
    r"\?[^\s\"'<>=]*=[^\s\"'<>]*"
)
"""An address without a scheme, known by its path and a parameter, be there a host before it, a
folder or nothing; or by the name of a file, with its kind, and a parameter.
"""
_PARAMETER = re.compile(rf"{_AND}(?:{_SURE}|{_VAGUE}){_IS}[^\s\"'<>]*", re.IGNORECASE)
_FIELD = re.compile(
    rf"{_SURE}(?::\s{{0,8}}|{_IS})[^\s\"'<>]+|(?<![\w-]){_VAGUE}{_IS}{_OPAQUE}", re.IGNORECASE
)
"""A query's field, or a header's, with nothing around it."""
_QUOTED = re.compile(
    rf"({_SURE}\\{{0,8}}[\"']\s{{0,8}}:\s{{0,8}}\\{{0,8}}[\"'])[^\"'\\]+"
    rf"|([\"']{_VAGUE}\\{{0,8}}[\"']\s{{0,8}}:\s{{0,8}}\\{{0,8}}[\"']){_OPAQUE}",
    re.IGNORECASE,
)
"""The same in JSON that stands in a text."""
_BEARER = re.compile(rf"(\bBearer\s{{1,8}}){_OPAQUE}", re.IGNORECASE)
_CUT = re.compile(_QUERY, re.IGNORECASE)
_SURE_NAME = re.compile(_SURE, re.IGNORECASE)
_VAGUE_NAME = re.compile(_VAGUE, re.IGNORECASE)
_OPAQUE_VALUE = re.compile(_OPAQUE)
_ANYTHING = re.compile("(?s).*")
_HINT = re.compile("x-amz-|x-goog-|x-oss-|key|token|secret|sig|policy|accessid|bearer")
"""One of them is in whatever the patterns of credentials match: most texts have none."""
NAMES = 256
"""So many names of fields are remembered, cleaned."""
VALUES, LONGEST_VALUE = 1024, 64
"""So many texts of at most so many characters are remembered, cleaned."""
_SHORTEST = 8
"""A known secret that is shorter may be part of any word, and is not looked for."""


class KnownSecrets:
    """Secrets that are known: looked for as they are, in addresses and in JSON text.

    Of ``12|secret``, as some portals write their tokens, the part behind the stroke as well.
    """

    def __init__(self, *secrets: Secret) -> None:
        whole = [secret.reveal() for secret in secrets]
        parts = {text for one in whole for text in (one, one.partition("|")[2])}
        forms = {
            form
            for text in parts
            if len(text) >= _SHORTEST
            for form in (text, quote(text, safe=""), text.replace("/", "\\/"))
        }
        longest_first = sorted(forms, key=len, reverse=True)
        self._shortest = min(map(len, forms), default=sys.maxsize)
        self._forms = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", re.IGNORECASE)

    def hide(self, text: str) -> str:
        """Return text without them; nothing is left of a text that is nothing else."""
        if len(text) < self._shortest:
            return text
        hidden = self._forms.sub(HIDDEN, text)
        return "" if hidden.strip(HIDDEN) == "" and hidden != text else hidden


NO_SECRETS = KnownSecrets()


def without_queries(value: Json, known: KnownSecrets = NO_SECRETS) -> Json:
    """Return ``value`` with every text in it cleaned, names of fields included."""
    match value:
        case str():
            return clean(value, known)
        case list():
            return [without_queries(item, known) for item in value]
        case dict():
            return cleaned(value, known)
        case _:
            return value


def cleaned(fields: Mapping[str, Json], known: KnownSecrets = NO_SECRETS) -> dict[str, Json]:
    """Return fields cleaned, and hidden what stands under the name of a credential."""
    told = dict[str, Json]()
    for served, item in fields.items():
        name, secrets = _name(served, known)
        if not isinstance(item, str):
            told[name] = without_queries(item, known)
        elif item and secrets and secrets.fullmatch(item):
            told[name] = HIDDEN
        else:
            told[name] = clean(item, known)
    return told


@lru_cache(maxsize=NAMES)
def _name(name: str, known: KnownSecrets) -> tuple[str, re.Pattern[str] | None]:
    """Return a field's name cleaned, and what is a secret where it stands under that name.

    Rows by the thousand have the same names.
    """
    return clean(name, known), _secrets_under(name)


def clean(text: str, known: KnownSecrets = NO_SECRETS) -> str:
    """Return text without the query of any address, and without credentials."""
    return _remembered(text, known) if len(text) <= LONGEST_VALUE else _clean(text, known)


@lru_cache(maxsize=VALUES)
def _remembered(text: str, known: KnownSecrets) -> str:
    """Return a short text cleaned: rows by the thousand name the same few agents and services."""
    return _clean(text, known)


def _clean(text: str, known: KnownSecrets) -> str:
    text = known.hide(text)
    if "/" in text or "%" in text:
        for addresses in (_WORD, _ADDRESS):
            text = addresses.sub(_without_query, text)
    if "?" in text:
        text = _BARE.sub(r"\1", text)
    if not _HINT.search(text.casefold()):
        return text
    text = _FIELD.sub("", _PARAMETER.sub("", text))
    return _BEARER.sub(rf"\1{HIDDEN}", _QUOTED.sub(rf"\1\2{HIDDEN}", text))


def _secrets_under(name: str) -> re.Pattern[str] | None:
    """Return what is a secret where it stands under that name; ``None`` where nothing is."""
    if _SURE_NAME.fullmatch(name):
        return _ANYTHING
    return _OPAQUE_VALUE if _VAGUE_NAME.fullmatch(name) else None


def _without_query(address: re.Match[str]) -> str:
    return _CUT.split(address[0], maxsplit=1)[0]
