"""Many writers at once, each a machine of its own: a number is won once, and none is left out."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from archiver.errors import DestinationRefused, Exists
from archiver.keys import manifest_key
from archiver.manifest.entry import Head, Manifest
from archiver.manifest.journal import Journal
from archiver.sandbox.wire import Request
from archiver.store.s3.store import BucketStore
from tests.archives import PORTAL, manifest_of
from tests.conftest import Figure
from tests.s3.faults import Faults
from tests.s3.guard import Guard
from tests.s3.looking import doubled
from tests.s3.stores import bucket_store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WRITERS, NUMBERS, APPENDS = 4, 60, 8


@pytest.fixture
def writers(s3: "S3Client", versioned_bucket: str, tmp_path: Path) -> list[BucketStore]:
    """Return the archive as several machines have it, its habits known to all."""
    made = [
        bucket_store(s3, f"s3://{versioned_bucket}", tmp_path / str(number))
        for number in range(WRITERS)
    ]
    assert all(each.habits.creates_only for each in made)
    return made


@pytest.mark.junk_documents
def test_one_of_many_racers_has_a_number(
    writers: list[BucketStore], s3: "S3Client", versioned_bucket: str, figure: Figure
) -> None:
    def race(task: tuple[int, BucketStore]) -> str:
        number, store = task
        try:
            stored = store.put(manifest_key(number), f"{id(store)} wants {number}".encode())
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
    figure("S11", f"{len(tasks)} races for {NUMBERS} numbers: {dict(ended)}, doubled 0, gaps 0")


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


@pytest.mark.junk_documents
def test_where_nothing_keeps_writers_apart_one_is_told(
    guard: Guard,
    s3: "S3Client",
    writers: list[BucketStore],
    versioned_bucket: str,
    figure: Figure,
) -> None:
    """A rival writes between the look and the PUT; a longer name beside it is nobody's rival."""
    guard.faults = Faults(create_only="unversioned")
    store = writers[0]
    assert not store.try_again().creates_only
    key = manifest_key(1)
    s3.put_object(Bucket=versioned_bucket, Key=f"{key}.copy", Body=b"1")
    s3.put_object(Bucket=versioned_bucket, Key=f"{key}.copy", Body=b"2")
    assert store.put(key, b"mine").created
    rival = {"Bucket": versioned_bucket, "Key": manifest_key(2), "Body": b"theirs"}
    hear, puts = guard.tally.hear, itertools.count(1)

    def late(operation: str, request: Request) -> None:
        hear(operation, request)
        if operation == "PutObject" and next(puts) == 1:
            s3.put_object(**rival)  # type: ignore[arg-type]  # its own parameters

    with (
        mock.patch.object(guard.tally, "hear", late),
        pytest.raises(DestinationRefused, match="by another machine at the same time"),
    ):
        store.put(manifest_key(2), b"mine")
    figure("S11", "two writers of a name where nothing keeps them apart: told 1 of 1")
