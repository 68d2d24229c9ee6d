"""A check-up of the bucket that is to hold an archive; all it leaves behind is a tried lock."""

from collections.abc import Callable, Iterator

from archiver.config.s3_options import Options
from archiver.domain.checks import Check, not_run
from archiver.domain.layout import ARCHIVE_KEY
from archiver.domain.retention import Retention
from archiver.errors import ArchiverError, DestinationError
from archiver.store.s3.bucket.bucket_facts import BucketFacts
from archiver.store.s3.bucket_store import BucketStore
from archiver.store.s3.trying.bucket_capabilities import BucketCapabilities

BUCKET = ("archive", "owner", "public", "versions", "locks", "encrypts", "creates", "hashes")
"""The checks, in their order."""


def check_bucket(  # noqa: PLR0913 - what a bucket is held against, each by name
    store: BucketStore,
    address: str,
    options: Options,
    retention: Retention,
    see: Callable[[], None],
    *,
    may_be_public: bool = False,
) -> Iterator[Check]:
    """Yield the checks of :data:`BUCKET`; ``see`` raises what is wrong with the archive in it.

    With ``may_be_public`` a pull takes a bucket that is.
    """
    try:
        next(store.items(ARCHIVE_KEY), None)
        see()
        does = store.memory.try_again()
    except ArchiverError as error:
        yield Check.fail("archive", error)
        yield from not_run(BUCKET[1:], "The bucket can't be used.")
        return
    told = store.bucket.facts()
    yield Check.ok("archive", f"{address} can be listed and written.")
    yield _owner(options, told)
    yield _public(told, meant=may_be_public)
    yield _versions(told, does)
    yield _locks(retention, store)
    yield _encrypts(told, options)
    yield _creates(does)
    yield _hashes(does)


def refuse_public(told: BucketFacts) -> None:
    """Raise :class:`DestinationError` when everyone can read the bucket, or write to it."""
    if told.is_public:
        raise DestinationError(
            "Stopped: the bucket is public, and recordings must not be.",
            advice="Block its public access, or set s3_public = yes if you mean it.",
        )


def _owner(options: Options, told: BucketFacts) -> Check:
    if options.owner and not told.heeds_owners:
        return Check.warn(
            "owner", "The server takes any owner that is named for the right one.",
            "Nothing to do: s3_owner has no effect here.",
        )  # fmt: skip
    if options.owner:
        return Check.ok("owner", f"It belongs to {options.owner}, which every request names.")
    found = "It is not said to whom the bucket must belong."
    if options.endpoint:
        return Check.ok("owner", found)
    return Check.warn(
        "owner", found, "Set s3_owner: a name can be taken by another account once it is free."
    )


def _public(told: BucketFacts, *, meant: bool) -> Check:
    if told.is_public and meant:
        return Check.warn(
            "public", "Everyone can read it or write to it, and s3_public says that it is meant.",
            "Take s3_public away if it is not.",
        )  # fmt: skip
    try:
        refuse_public(told)
    except DestinationError as error:
        return Check.fail("public", error)
    if told.blocks:
        return Check.ok("public", "Public access is blocked.")
    known = (
        "It is not public" if told.is_public is False else "It does not say whether it is public"
    )
    return Check.warn("public", f"{known}, and nothing blocks that.", "Block its public access.")


def _versions(told: BucketFacts, does: BucketCapabilities) -> Check:
    if does.versioned or told.versioned:
        return Check.ok("versions", "It keeps versions: what is deleted can be brought back.")
    return Check.warn(
        "versions", "It keeps no versions: what is deleted is gone.", "Turn versioning on."
    )


def _locks(retention: Retention, store: BucketStore) -> Check:
    try:
        default = store.bucket.default
        if retention.locks:
            store.memory.prove_locks()
    except ArchiverError as error:
        return Check.fail("locks", error)
    found = (
        "A version was locked and could not be deleted: it is WORM."
        if retention.locks
        else "No lock is asked for."
    )
    if default is None:
        return Check.ok("locks", found)
    found += f" Its default locks whatever is stored ({default}), and nothing here locks less."
    if not retention.lock_after:
        return Check.ok("locks", found)
    return Check.warn(
        "locks", found, "lock_after leaves no time for screening here: take that default off the "
        "bucket, or lock_after from the settings.",
    )  # fmt: skip


def _encrypts(told: BucketFacts, options: Options) -> Check:
    if options.encryption:
        return Check.ok("encrypts", f"Every object is sent with encryption {options.encryption}.")
    if told.encryption:
        return Check.ok("encrypts", f"It encrypts by default ({told.encryption}).")
    found = (
        "It does not say that it encrypts." if told.encryption is None else "It encrypts nothing."
    )
    return Check.warn("encrypts", found, "Set s3_encryption, or a default of the bucket.")


def _creates(does: BucketCapabilities) -> Check:
    if does.creates_only and does.keeps_apart:
        return Check.ok("creates", "Of several writes of a name one is taken: several may write.")
    if does.in_order:
        return Check.warn(
            "creates", "It takes several writes of a name at once, each as a version; the oldest "
            "counts, and whoever was second takes its own back.",
            "Where several write, allow s3:DeleteObjectVersion on manifests/* and ARCHIVE.json.",
        )  # fmt: skip
    return Check.warn(
        "creates", "It lets a name be written twice, whatever is asked of it.",
        "Let one machine alone write to this archive.",
    )  # fmt: skip


def _hashes(does: BucketCapabilities) -> Check:
    if does.keeps_hashes:
        return Check.ok("hashes", "It works out and keeps the SHA-256 of what it stores.")
    return Check.warn(
        "hashes", "It keeps no SHA-256 of what it stores.",
        "Nothing to do: verify reads every byte instead.",
    )  # fmt: skip
