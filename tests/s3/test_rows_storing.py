"""What goes wrong while a bucket is written: nothing is overwritten, doubled or falsely stored."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from archiver.errors import DestinationError, Exists
from archiver.sandbox import Trouble
from archiver.store.s3.bucket_store import BucketStore
from tests.conftest import Figure
from tests.s3 import refusals
from tests.s3.account import OWNER
from tests.s3.bodies import BODY, OTHER
from tests.s3.faults import Faults, Loss, Troubled
from tests.s3.guard import Guard
from tests.s3.looking import doubled, listening, put_over, versions_of
from tests.s3.machines import Machine
from tests.s3.stores import bucket_store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "recordings/2019/06/11/20190611-060421_42.000000000000.mp3"
ASIDE = "quarantine/2019/06/11/20190611-060421_42.111111111111.mp3"
PUT, GET = frozenset({"PutObject"}), frozenset({"GetObject"})
STRANGER = "210987654321"


@pytest.fixture
def store(guard: Guard, s3: "S3Client", versioned_bucket: str, tmp_path: Path) -> BucketStore:
    """Return an archive in a bucket that is known, so that only what is put is counted."""
    store = bucket_store(s3, f"s3://{versioned_bucket}", tmp_path)
    assert store.memory.capabilities.creates_only
    assert store.memory.capabilities.keeps_hashes
    guard.reset()
    return store


def read(store: BucketStore, key: str = KEY) -> bytes:
    with store.open(key) as file:
        return file.read()


def test_a_name_that_is_taken(
    store: BucketStore, s3: "S3Client", versioned_bucket: str, figure: Figure
) -> None:
    assert store.put(KEY, BODY).created
    again = store.put(KEY, BODY)
    assert (again.created, again.sha256) == (False, hashlib.sha256(BODY).hexdigest())
    with pytest.raises(Exists, match="with other content"):
        store.put(KEY, OTHER)
    assert read(store) == BODY
    assert doubled(s3, versioned_bucket) == 0
    figure("S1", "same bytes adopted 1, others refused 1, overwritten 0")


@pytest.mark.parametrize(
    ("kind", "faults"),
    [
        ("bucket", Faults()),
        ("versioned_bucket", Faults()),
        ("versioned_bucket", Faults(create_only="unversioned")),
    ],
)
def test_what_lies_damaged_under_a_name_makes_way(  # noqa: PLR0913, PLR0917 - as fixtures are
    kind: str,
    faults: Faults,
    machine: Machine,
    s3: "S3Client",
    tmp_path: Path,
    request: pytest.FixtureRequest,
    figure: Figure,
) -> None:
    machine.bucket = request.getfixturevalue(kind)
    machine.guard.faults = faults
    assert machine.pull()[0] == 0
    for key, version in versions_of(s3, machine.bucket):
        if "manifests/" in key:
            s3.delete_object(Bucket=machine.bucket, Key=key, VersionId=version)
    audio = next(key for key, _ in versions_of(s3, machine.bucket) if key.endswith(".mp3"))
    good = s3.get_object(Bucket=machine.bucket, Key=audio)["Body"].read()
    put_over(s3, machine.bucket, audio, OTHER)
    other = Machine(machine.sandbox, machine.guard, machine.bucket, tmp_path / "two")
    code, told, err = other.pull()
    assert (code, told["outcomes"]["archived"], told["adopted"]) == (0, 1, 2), err
    assert s3.get_object(Bucket=machine.bucket, Key=audio)["Body"].read() == good
    kept = [key for key, _ in versions_of(s3, machine.bucket) if key.endswith(".aside")]
    assert [s3.get_object(Bucket=machine.bucket, Key=key)["Body"].read() for key in kept] == [OTHER]
    code, report = other.verify("--read")
    assert len(report["aside"]) == 1
    figure("S1", f"{kind}, {faults.create_only}: other bytes under a name: lost 0, kept apart 1")


def test_what_may_not_be_deleted_is_kept_twice(
    store: BucketStore, guard: Guard, figure: Figure
) -> None:
    """The rights that doctor prints leave deleting out: nothing may be lost for want of them."""
    store.put(KEY, BODY)
    denied = Troubled(refusals.ACCESS_DENIED, operations=frozenset({"DeleteObject"}))
    guard.faults = Faults(troubles=(denied,))
    with pytest.raises(DestinationError, match="may not be done with these credentials"):
        store.clearing.set_aside(KEY, ASIDE)
    assert (read(store), read(store, ASIDE)) == (BODY, BODY)
    assert guard.tally.requests["DeleteObject"] == 2, "the version, then a marker"
    figure("S1", "setting aside without the right to delete: refused in words, lost 0")


@pytest.mark.parametrize("times", [1, 7])
def test_conflicts_pass(  # noqa: PLR0913, PLR0917 - as fixtures are
    times: int, store: BucketStore, guard: Guard, s3: "S3Client", versioned_bucket: str,
    figure: Figure,
) -> None:  # fmt: skip
    guard.faults = Faults(troubles=(Troubled(refusals.CONFLICT, times, PUT),))
    assert store.put(KEY, BODY).created
    assert guard.tally.requests["PutObject"] == times + 1
    assert (read(store), doubled(s3, versioned_bucket)) == (BODY, 0)
    figure("S2", f"409 {times} times, sent {times + 1} times, stored 1")


def test_conflicts_without_end_are_told(store: BucketStore, guard: Guard) -> None:
    guard.faults = Faults(troubles=(Troubled(refusals.CONFLICT, operations=PUT),))
    with pytest.raises(DestinationError, match="others write to that very name"):
        store.put(KEY, BODY)
    assert guard.tally.requests["PutObject"] == 8


def test_what_is_damaged_on_the_wire_is_sent_again(
    store: BucketStore, guard: Guard, figure: Figure
) -> None:
    guard.faults = Faults(troubles=(Troubled(Loss.DAMAGED, 2, PUT),))
    assert store.put(KEY, BODY).created
    assert guard.tally.refusals == {"BadDigest": 2}
    assert read(store) == BODY
    figure("S3", "damaged on the wire 2 times: refused 2, stored wrong 0")


def test_what_arrives_damaged_every_time_is_never_stored(
    store: BucketStore, guard: Guard, s3: "S3Client", versioned_bucket: str
) -> None:
    guard.faults = Faults(troubles=(Troubled(Loss.DAMAGED, operations=PUT),))
    with pytest.raises(DestinationError, match="other bytes than were sent"):
        store.put(KEY, BODY)
    assert versions_of(s3, versioned_bucket) == []


@pytest.mark.parametrize("faults", [Faults(checksums="forgotten"), Faults(checksums="unchecked")])
def test_a_server_that_checks_nothing_is_not_believed(  # noqa: PLR0913, PLR0917 - as fixtures are
    faults: Faults,
    guard: Guard,
    s3: "S3Client",
    versioned_bucket: str,
    tmp_path: Path,
    figure: Figure,
) -> None:
    guard.faults = faults
    store = bucket_store(s3, f"s3://{versioned_bucket}", tmp_path)
    assert not store.memory.capabilities.keeps_hashes
    assert store.put(KEY, BODY).created
    assert store.stat(KEY).sha256 is None
    guard.faults = replace(faults, troubles=(Troubled(Loss.DAMAGED, operations=PUT),))
    with pytest.raises(DestinationError, match="other bytes"):
        store.put(KEY.replace("_42", "_43"), BODY)
    figure("S3", f"a server with its checksums {faults.checksums}: damaged 1, success told 0")


@pytest.mark.parametrize("times", [None, 1])
def test_an_error_under_200_is_no_success(  # noqa: PLR0913, PLR0917 - as fixtures are
    times: int | None, store: BucketStore, guard: Guard, s3: "S3Client", versioned_bucket: str,
    figure: Figure,
) -> None:  # fmt: skip
    guard.faults = Faults(troubles=(Troubled(refusals.ERROR_UNDER_200, times, PUT),))
    with pytest.raises(DestinationError, match="InternalError"):
        store.put(KEY, BODY)
    assert versions_of(s3, versioned_bucket) == []
    if times:
        assert store.put(KEY, BODY).created
        figure("S4", f"errors under 200: {times}, success told 0, stored the next time")


@pytest.mark.parametrize("faults", [Faults(), Faults(create_only="unversioned")])
def test_an_answer_that_is_lost(  # noqa: PLR0913, PLR0917 - as fixtures are
    faults: Faults,
    guard: Guard,
    s3: "S3Client",
    versioned_bucket: str,
    tmp_path: Path,
    figure: Figure,
) -> None:
    guard.faults = faults
    store = bucket_store(s3, f"s3://{versioned_bucket}", tmp_path)
    assert store.memory.capabilities.creates_only == (faults.create_only == "kept")
    guard.faults = replace(faults, troubles=(Troubled(Loss.UNANSWERED, operations=PUT),))
    stored = store.put(KEY, BODY)
    assert not stored.created
    assert stored.version == store.stat(KEY).version
    assert (read(store), doubled(s3, versioned_bucket)) == (BODY, 0)
    figure("S5", f"create-only {faults.create_only}, answer lost: asked, versions doubled 0")


def test_a_put_that_was_never_heard_is_no_success(store: BucketStore, guard: Guard) -> None:
    guard.faults = Faults(troubles=(Troubled(Loss.UNHEARD, operations=PUT),))
    with pytest.raises(DestinationError, match="can't be reached"):
        store.put(KEY, BODY)


def test_a_bucket_of_someone_else_gets_nothing(machine: Machine, figure: Figure) -> None:
    with listening(machine.guard) as heard:
        code, _told, err = machine.pull(ARCHIVER_S3_OWNER=STRANGER)
    assert (code, f"does not belong to {STRANGER}" in err) == (4, True), err
    owners = {each.headers.get("x-amz-expected-bucket-owner") for each in heard}
    assert STRANGER in owners
    assert machine.guard.tally.received == 0
    assert machine.doctor(ARCHIVER_S3_OWNER=OWNER)["owner"] == "ok"
    machine.guard.faults = Faults(owners_ignored=True)
    assert machine.doctor(ARCHIVER_S3_OWNER=OWNER)["owner"] == "warn"
    figure("S6", f"another owner's bucket, {len(heard)} requests: bytes received 0")


def test_a_disabled_key_is_told_in_words(
    store: BucketStore, guard: Guard, s3: "S3Client", versioned_bucket: str, figure: Figure
) -> None:
    store.put(KEY, BODY)
    guard.faults = Faults(troubles=(Troubled(refusals.KMS_DISABLED),))
    told = []
    for use in (lambda: store.put(KEY.replace("_42", "_43"), BODY), lambda: store.open(KEY)):
        with pytest.raises(DestinationError, match="the key that encrypts is disabled") as error:
            use()
        told.append(error.value.advice)
    assert told == ["Check s3_encryption and the key's policy."] * 2
    guard.reset()
    assert len(versions_of(s3, versioned_bucket)) == 1
    figure("S10", "a disabled key, met writing and reading: told in words 2, stored 0")


@pytest.mark.parametrize("trouble", [Trouble.CUT, Trouble.RESET])
def test_a_body_that_ends_early_is_read_on(
    trouble: Trouble, store: BucketStore, guard: Guard, figure: Figure
) -> None:
    body = BODY * 20_000
    store.put(KEY, body)
    guard.faults = Faults(troubles=(Troubled(trouble, 2, GET),))
    assert read(store) == body
    assert guard.tally.requests["GetObject"] == 3
    guard.faults = Faults(troubles=(Troubled(trouble, operations=GET),))
    with pytest.raises(DestinationError, match="stopped in the middle"):
        read(store)
    figure("S3", f"{trouble} while reading: read on 2 times, wrong bytes 0")
