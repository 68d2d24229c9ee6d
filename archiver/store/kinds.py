"""The kinds of places that an archive may lie in, by its address: the one list of them.

A new kind of store is a module of this floor and a line in :data:`KINDS`.
"""

from collections.abc import Callable

from archiver.errors import UsageError
from archiver.store.sites import Address, Site


def _folder(address: Address) -> Site:
    from archiver.store.local.folder_site import FolderSite

    return FolderSite(address)


def _bucket(address: Address) -> Site:
    from archiver.store.s3.bucket_site import BucketSite

    return BucketSite(address)


KINDS: dict[str, Callable[[Address], Site]] = {"": _folder, "s3": _bucket}
"""By what stands before ``://`` in an address."""


def site_of(address: Address) -> Site:
    """Return the site of an address. Raises :class:`UsageError` for one of no kind."""
    scheme, sign, _ = address.text.partition("://")
    kind = KINDS.get(scheme if sign else "")
    if kind is None:
        raise UsageError(
            f"No archive can lie at {address.text}.",
            advice="Name an absolute folder, or a bucket such as s3://calls/2026.",
        )
    return kind(address)
