"""Whether manifests form one chain, and if not, which file and line says so. Pure.

Each manifest holds its own number and the hash of the one before it, so any change below a head
that someone kept is found. What is found is told, never mended.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from archiver.domain.layout import ARCHIVE_KEY, manifest_key, manifest_number
from archiver.errors import ChainBroken
from archiver.json_documents import BadDocument, Json, loads
from archiver.manifest.archive import ArchiveFile
from archiver.manifest.model import MAX_BYTES, Manifest
from archiver.manifest.records.files import Head

_FIELD = re.compile(r"(?P<top>[^ .\[]+)(?:\[(?P<index>[0-9]{1,9})\])?")

Parse = Callable[[bytes], Manifest]
"""Parses a manifest's file; raises :class:`BadDocument`."""


class ChainProblem(Struct, frozen=True):
    """What is wrong with a manifest's file. ``line`` counts from 1, ``None`` for the whole."""

    path: str
    line: int | None
    what: str

    def __str__(self) -> str:
        return f"{self.path}{f' line {self.line}' if self.line else ''}: {self.what}"


class Seen(Struct, frozen=True):
    """An archive that was seen in a place from this machine, its head then, and who remembers it.

    ``memory`` is the file, or the files, to delete where it is not meant any more.
    """

    archive: str
    head: Head
    memory: str


def head_of(key: str, text: bytes) -> Head:
    """Return the number that the name says and the hash that the bytes have."""
    return Head(manifest_number(key) or 0, hashlib.sha256(text).hexdigest())


def examine(
    key: str,
    text: bytes,
    below: Head | None,
    archive: ArchiveFile | None,
    parse: Parse = Manifest.from_json,
) -> tuple[Manifest | None, list[ChainProblem]]:
    """Read one manifest and hold it against the one ``below`` it (``None`` under the first).

    ``archive`` is what all of them belong to, ``None`` when it isn't known.
    """
    try:
        manifest = parse(text)
    except BadDocument as error:
        return None, [_damage(key, text, error)]
    problems = []
    if manifest.number != manifest_number(key):
        problems.append(ChainProblem(key, 3, f"it is numbered {manifest.number} inside"))
    if manifest.previous != below:
        problems.append(_unlinked(key, manifest.previous, below))
    if archive is not None:
        problems += _strange(key, manifest.archive, manifest.identity, archive)
    return manifest, problems


def follow(
    key: str,
    text: bytes,
    below: Head | None,
    archive: ArchiveFile,
    parse: Parse = Manifest.from_json,
) -> Manifest:
    """Return the manifest; raises :class:`ChainBroken` when :func:`examine` finds a problem."""
    manifest, problems = examine(key, text, below, archive, parse)
    if manifest is None or problems:
        raise broken(problems[0])
    return manifest


def see_named(key: str, text: bytes, archive: ArchiveFile) -> None:
    """Raise :class:`ChainBroken` unless a manifest says that it is of this very archive.

    No more of it is read: whoever follows it does that.
    """
    try:
        document = loads(text, max_bytes=MAX_BYTES)
    except BadDocument as error:
        raise broken(_damage(key, text, error)) from error
    told = document if isinstance(document, dict) else {}
    for problem in _strange(key, told.get("archive"), told.get("identity"), archive):
        raise broken(problem)


def broken(problem: ChainProblem) -> ChainBroken:
    """Return the error that a problem of the chain is."""
    return ChainBroken(
        f"The chain of manifests is broken: {problem}.",
        advice="Nothing more is written. Run `archiver verify` and restore the file from a copy.",
    )


def bare_marker(number: int) -> ChainProblem:
    """Return what is wrong above a chain where nothing but a delete marker has a number."""
    return ChainProblem(manifest_key(number), None, "deleted: there is nothing but a delete marker")


def set_back(seen: Head, last: int, memory: str) -> ChainBroken:
    """Return the error that a chain is which lacks a manifest that was ``seen`` on this machine.

    ``last`` is its highest number now, ``memory`` where the seen one is remembered.
    """
    what = (
        f"the newest is {last or 'none'} now"
        if last < seen.number
        else "another one has its number now"
    )
    return ChainBroken(
        f"The archive was set back: {_named(seen)} was seen from this machine, and {what}.",
        advice="Bring the manifests back from a copy that has them: archiver repair --from COPY "
        f"--head {seen}. If this older state is meant, delete {memory} and run it again.",
    )


def another_archive(seen: Seen, archive: str) -> ChainBroken:
    """Return the error that an archive is where another one was ``seen``."""
    return ChainBroken(
        f"Another archive than {archive} was here: {_was(seen)}.",
        advice="Find out who put it here; archiver copy -a COPY --to ADDRESS brings the other one "
        f"back to a place that is empty. If this one is meant, delete {seen.memory} and run it "
        "again.",
    )


def archive_gone(seen: Seen) -> ChainBroken:
    """Return the error that a place is where an archive was ``seen``, and none is now."""
    return ChainBroken(
        f"An archive was here, and its {ARCHIVE_KEY} is gone: {_was(seen)}.",
        advice="If it was moved, name where it is now. Else bring it back from a copy: archiver "
        "repair --from COPY. Where nothing is left: archiver copy -a COPY --to ADDRESS. If another "
        f"one is to begin here, delete {seen.memory} and run it again.",
    )


def _was(seen: Seen) -> str:
    return f"{seen.archive}, seen last with head {seen.head}"


def _strange(key: str, id_: Json, identity: Json, archive: ArchiveFile) -> Iterator[ChainProblem]:
    """Yield what says that a manifest is of another archive, or that ``ARCHIVE.json`` changed."""
    if id_ != archive.archive:
        yield ChainProblem(key, 2, "it belongs to another archive")
    elif identity is not None and identity != archive.digest:
        yield ChainProblem(ARCHIVE_KEY, None, "it is not the file that the manifests name")


def _unlinked(key: str, previous: Head | None, below: Head | None) -> ChainProblem:
    """Say where a chain parts: at the lower file if its bytes are other than the upper one knew."""
    if previous and below and previous.number == below.number:
        what = f"it is not what it was when {key} was written on it"
        return ChainProblem(manifest_key(below.number), None, what)
    return ChainProblem(key, 4, f"it follows {_named(previous)}, but {_named(below)} is below it")


def _named(head: Head | None) -> str:
    return f"manifest {head.number} ({head.sha256[:12]})" if head else "nothing"


def _damage(key: str, text: bytes, error: BadDocument) -> ChainProblem:
    if not text:
        return ChainProblem(key, None, "the file is empty")
    if not text.endswith(b"\n"):
        return ChainProblem(
            key, text.count(b"\n") + 1, "the file ends in the middle of a line (torn)"
        )
    cause = error.__cause__
    if isinstance(cause, json.JSONDecodeError):
        what = "bytes after the end" if cause.msg == "Extra data" else f"not JSON ({cause.msg})"
        return ChainProblem(key, cause.lineno, what)
    return ChainProblem(key, _line_of(text, str(error)), str(error))


def _line_of(text: bytes, what: str) -> int | None:
    """Return the line of the field that a message begins with: ``recordings[3].audio …``."""
    named = _FIELD.match(what)
    if named is None:
        return None
    top = named["top"].encode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip(b"{,").startswith(b'"%s":' % top):
            return number + 1 + int(named["index"]) if named["index"] else number
    return None
