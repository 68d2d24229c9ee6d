"""The portal's own words, made fit to be shown: short, and telling of nobody. Pure."""

import re

import archiver.json_documents as documents
from archiver.json_documents import Json
from archiver.scrubbing import KnownSecrets, clean

_NUMBER = re.compile(r"\d(?:[\s().+-]*\d){4,}")
_LONG_WORD = re.compile(r"\w{11}")
_SHOWN = 160
_QUOTED = 40


def presentable(text: Json, known: KnownSecrets) -> str:
    """Make the portal's own words fit to print: one short line without numbers or addresses."""
    words = ("…" if "//" in word else word for word in clean(str(text or ""), known).split())
    line = _NUMBER.sub("…", " ".join(words))
    return "".join(c if c.isprintable() else "�" for c in line)[:_SHOWN]


def quotable(served: Json, known: KnownSecrets) -> str:
    """Return a value in the portal's own words, if these are few and short, and tell of nobody.

    A number may be somebody's, and a long word a secret.
    """
    text = served if isinstance(served, str) else documents.dumps(served).decode()
    text = text.strip()[: _QUOTED + 1]
    is_short = len(text) <= _QUOTED and not _LONG_WORD.search(text)
    return text if is_short and presentable(text, known) == text else ""
