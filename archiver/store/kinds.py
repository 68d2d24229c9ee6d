"""The kinds of places that an archive may lie in, by its address: the one list of them.

A new kind of store is a module of this floor and a line in :data:`KINDS`.
"""

from collections.abc import Callable

from archiver.config.archive_address import EXAMPLE, scheme_of
from archiver.config.s3_options import SCHEME as BUCKETS
from archiver.errors import UsageError
from archiver.store.local.folder_site import FolderSite
from archiver.store.sites import Address, Site


def _bucket(address: Address) -> Site:
    # boto3 takes half a second to load.
    from archiver.store.s3.bucket_site import BucketSite

    return BucketSite(address)


KINDS: dict[str, Callable[[Address], Site]] = {"": FolderSite, BUCKETS: _bucket}
"""By what stands before ``://`` in an address."""
ANYWHERE = f"{BUCKETS}://any"
"""Where no archive is named, settings are held against the kind that uses most of them."""


def site_of(address: Address) -> Site:
    """Return the site of an address. Raises :class:`UsageError` for one of no kind."""
    kind = KINDS.get(scheme_of(address.text))
    if kind is None:
        raise UsageError(
            f"No archive can lie at {address.text}.",
            advice=f"Name an absolute folder, or a bucket such as {EXAMPLE}.",
        )
    return kind(address)
