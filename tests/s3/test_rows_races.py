"""Many writers at once, each a machine of its own: a number is won once, and none is left out."""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from archiver.domain.layout import manifest_key
from archiver.domain.retention import UNLOCKED, LockMode, Period, Retention
from archiver.errors import DestinationError, Exists
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.files import Head
from archiver.sandbox.wire import Request
from archiver.store.s3.bucket_store import BucketStore
from archiver.store.s3.trying.bucket_capabilities import BucketCapabilities
from tests.archives import PORTAL, manifest_of
from tests.conftest import Figure
from tests.s3 import refusals
from tests.s3.faults import Faults, Troubled
from tests.s3.guard import Guard
from tests.s3.looking import doubled
from tests.s3.stores import bucket_store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WRITERS, NUMBERS, APPENDS = 4, 8, 5
LATE = Faults(create_only="late", rush="/")
"""A second PUT is refused when it comes after the first, and not when it comes beside it."""
DELETE = frozenset({"DeleteObject"})


@pytest.fixture
def writers(s3: "S3Client", versioned_bucket: str, tmp_path: Path) -> list[BucketStore]:
    """Return the archive as several machines have it, what it does known to all."""
    made = machines(s3, versioned_bucket, tmp_path)
    does = [each.memory.capabilities for each in made]
    assert all(each.creates_only and each.keeps_apart for each in does)
    return made


def machines(
    s3: "S3Client", bucket: str, home: Path, retention: Retention = UNLOCKED
) -> list[BucketStore]:
    return [
        bucket_store(s3, f"s3://{bucket}", home / str(number), retention=retention)
        for number in range(WRITERS)
    ]


@pytest.mark.junk_documents
@pytest.mark.parametrize("faults", [Faults(), LATE], ids=["kept", "late"])
def test_one_of_many_racers_has_a_number(  # noqa: PLR0913, PLR0917 - as fixtures are
    faults: Faults,
    guard: Guard,
    writers: list[BucketStore],
    s3: "S3Client",
    versioned_bucket: str,
    figure: Figure,
) -> None:
    guard.faults = faults
    for each in writers:
        each.memory.try_again()

    def race(task: tuple[int, BucketStore]) -> str:
        number, store = task
        try:
            stored = store.claim(manifest_key(number), f"{id(store)} wants {number}".encode())
        except Exists:
            return "lost"
        return "won" if stored.created else "adopted"

    tasks = [(number, store) for number in range(1, NUMBERS + 1) for store in writers]
    with ThreadPoolExecutor(WRITERS) as pool:
        ended = Counter(pool.map(race, tasks))
    assert ended == {"won": NUMBERS, "lost": NUMBERS * (WRITERS - 1)}
    there = [item.key for item in writers[0].items("manifests/")]
    assert there == [manifest_key(number) for number in range(1, NUMBERS + 1)]
    assert doubled(s3, versioned_bucket) == 0
    met = sum(path.startswith(f"/{versioned_bucket}/manifests/") for path in guard.rush.met)
    assert bool(met) is (faults is LATE)
    figure(
        "S11",
        f"{len(tasks)} races for {NUMBERS} numbers, create-only {faults.create_only}: "
        f"{dict(ended)}, let through beside another at {met}, doubled 0, gaps 0",
    )


def test_a_trial_sees_what_comes_at_once(
    guard: Guard, s3: "S3Client", bucket: str, versioned_bucket: str, tmp_path: Path
) -> None:
    told = {}
    for create_only in ("kept", "late", "unversioned", "ignored"):
        guard.faults = Faults(create_only=create_only, rush="/")
        for name in (bucket, versioned_bucket):
            one = bucket_store(s3, f"s3://{name}", tmp_path / create_only / name)
            does = one.memory.capabilities
            apart = does.creates_only, does.keeps_apart
            told[create_only, does.versioned] = *apart, does.in_order
            assert does.takes_many_writers == (apart == (True, True) or does.versioned)
    assert told == {
        ("kept", False): (True, True, False),
        ("kept", True): (True, True, False),
        ("late", False): (True, True, False),
        ("late", True): (True, False, True),
        ("unversioned", False): (True, True, False),
        ("unversioned", True): (False, False, True),
        ("ignored", False): (False, False, False),
        ("ignored", True): (False, False, True),
    }
    assert guard.tally.refusals.keys() <= {"PreconditionFailed", "BadDigest"}


def test_writers_that_lose_build_again(
    writers: list[BucketStore], s3: "S3Client", versioned_bucket: str, figure: Figure
) -> None:
    archive = Journal(writers[0]).create_or_open(PORTAL).archive
    built = itertools.count()

    def write(store: BucketStore) -> list[Head]:
        journal = Journal(store)

        def build(below: Head | None) -> Manifest:
            return manifest_of(archive, [], run=f"run-{next(built)}")(below)

        return [journal.append(build) for _ in range(APPENDS)]

    with ThreadPoolExecutor(WRITERS) as pool:
        heads = [head for each in pool.map(write, writers) for head in each]
    chain = [head for head, _ in Journal(writers[0]).manifests()]
    assert sorted(heads, key=lambda head: head.number) == chain
    assert [head.number for head in chain] == [*range(1, WRITERS * APPENDS + 1)]
    tried = next(built)
    assert tried > len(chain), "nobody ever lost a race: it was none"
    assert doubled(s3, versioned_bucket) == 0
    figure("S11", f"{WRITERS} machines, {len(chain)} manifests, built {tried}: gaps 0, lost 0")


@contextmanager
def rival(guard: Guard, s3: "S3Client", bucket: str, key: str) -> Iterator[None]:
    """Let somebody write that key in the moment before this machine's first PUT is done."""
    hear, puts = guard.tally.hear, itertools.count(1)

    def late(operation: str, request: Request) -> None:
        hear(operation, request)
        if operation == "PutObject" and next(puts) == 1:
            s3.put_object(Bucket=bucket, Key=key, Body=b"theirs")

    with mock.patch.object(guard.tally, "hear", late):
        yield


@pytest.mark.junk_documents
def test_where_versions_have_no_order_a_rival_stops_a_writer(
    guard: Guard, s3: "S3Client", versioned_bucket: str, tmp_path: Path, figure: Figure
) -> None:
    """A longer name beside it is nobody's rival."""
    guard.faults = Faults(create_only="unversioned")
    room = tmp_path / "workroom"
    room.mkdir()
    does = BucketCapabilities(
        creates_only=False, keeps_apart=False, keeps_hashes=True, versioned=True, in_order=False
    )
    (room / "bucket.json").write_text(json.dumps(does.plain()))
    store = bucket_store(s3, f"s3://{versioned_bucket}", tmp_path)
    key = manifest_key(1)
    for body in (b"1", b"2"):
        s3.put_object(Bucket=versioned_bucket, Key=f"{key}.copy", Body=body)
    assert store.claim(key, b"mine").created
    with (
        rival(guard, s3, versioned_bucket, manifest_key(2)),
        pytest.raises(DestinationError, match="by another machine at the same time"),
    ):
        store.claim(manifest_key(2), b"mine")
    left = s3.get_object(Bucket=versioned_bucket, Key=manifest_key(2))["Body"].read()
    assert (left, doubled(s3, versioned_bucket)) == (b"theirs", 1), "nothing of ours is left"
    figure("S11", "two writers of a name where nothing keeps them apart: told 1 of 1")


@pytest.mark.junk_documents
def test_what_may_not_be_taken_back_is_told_with_its_version(
    guard: Guard,
    s3: "S3Client",
    writers: list[BucketStore],
    versioned_bucket: str,
    figure: Figure,
) -> None:
    """The rights that doctor prints leave deleting out."""
    guard.faults = Faults(create_only="unversioned", rush="tried-")
    store = writers[0]
    assert store.memory.try_again().in_order
    denied = Troubled(refusals.ACCESS_DENIED, operations=DELETE)
    guard.faults = Faults(create_only="unversioned", troubles=(denied,))
    with (
        rival(guard, s3, versioned_bucket, manifest_key(1)),
        pytest.raises(DestinationError, match="may not be taken back") as stopped,
    ):
        store.claim(manifest_key(1), b"mine")
    theirs, mine = store.versions("manifests/")
    assert f"version {mine.version} of it" in stopped.value.message
    with store.open(theirs.key, theirs.version) as file:
        assert file.read() == b"theirs"
    figure("S11", "a second version that may not be deleted: stopped, its version named 1 of 1")


@pytest.mark.junk_documents
def test_a_manifest_is_locked_once_it_has_won(
    guard: Guard, s3: "S3Client", locked_bucket: str, tmp_path: Path, figure: Figure
) -> None:
    """Else who lost could not take its own back, and it would lie there for years."""
    retention = Retention(LockMode.GOVERNANCE, Period(days=1))
    one, other, *_ = machines(s3, locked_bucket, tmp_path, retention)
    guard.faults = LATE
    one.memory.try_again()
    other.memory.try_again()
    for store in (one, other):
        store.memory.prove_locks()
    guard.faults = Faults(create_only="unversioned")
    with rival(guard, s3, locked_bucket, manifest_key(1)), pytest.raises(Exists):
        one.claim(manifest_key(1), b"mine")
    assert doubled(s3, locked_bucket) == 0
    stored = one.claim(manifest_key(2), b"mine")
    assert is_locked(s3, locked_bucket, manifest_key(2), stored.version)
    denied = Troubled(refusals.ACCESS_DENIED, operations=frozenset({"PutObjectRetention"}))
    guard.faults = Faults(create_only="unversioned", troubles=(denied,))
    with pytest.raises(DestinationError):
        one.claim(manifest_key(3), b"mine, and killed before its lock")
    guard.reset()
    (bare,) = other.versions(manifest_key(3))
    assert not is_locked(s3, locked_bucket, bare.key, bare.version)
    for _ in range(2):
        other.locking.hold(bare.key, bare.version)
    assert is_locked(s3, locked_bucket, bare.key, bare.version)
    assert guard.tally.requests["PutObjectRetention"] == 1, "one that has a lock is let be"
    figure("S8", "manifests where writers may meet: locked once they have won, lost ones left 0")


def is_locked(s3: "S3Client", bucket: str, key: str, version: str | None) -> bool:
    told: Any = s3.head_object(Bucket=bucket, Key=key, VersionId=version or "")
    return "ObjectLockMode" in told
