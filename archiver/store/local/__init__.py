"""A folder as the archive."""

from archiver.store.local.local_store import LocalStore

__all__ = ["LocalStore"]
