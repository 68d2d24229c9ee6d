"""Bytes that make way for others under a name: they are moved, and none is lost by it."""

import hashlib
from collections.abc import Callable
from functools import partial

from archiver.domain.layout import aside_key
from archiver.errors import Exists
from archiver.manifest.records.files import ArchivedFile
from archiver.store.base import PutResult, Store
from archiver.store.content import hash_of


def set_aside(store: Store, key: str) -> str:
    """Move what lies under ``key`` out of its name, and return the name of what it is now."""
    aside = aside_key(key, hash_of(store, key))
    store.clearing.set_aside(key, aside)
    return aside


def in_place(store: Store, key: str, put: Callable[[], PutResult]) -> PutResult:
    """Put something under ``key``; what lies damaged there makes way first."""
    try:
        return put()
    except Exists:
        set_aside(store, key)
        return put()


def store_document(store: Store, key_of: Callable[[str], str], text: bytes) -> ArchivedFile:
    """Put a document under the name that its SHA-256 makes, and return it as a manifest has it."""
    key = key_of(hashlib.sha256(text).hexdigest())
    return as_named(in_place(store, key, partial(store.put, key, text)))


def as_named(put: PutResult) -> ArchivedFile:
    """Return what was put as a manifest names it."""
    return ArchivedFile(put.key, put.bytes, put.sha256, put.version)


def uncover(store: Store, key: str, version: str | None, sha256: str) -> None:
    """Let a plain reader get that version of ``key`` again; what lies over it makes way."""
    store.clearing.uncover(key, version, sha256)
