"""Object Lock on whole pulls: what is locked, until when, and never said where it is not so."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from archiver.domain.layout import calls_over
from archiver.domain.retention import LockMode, Period
from archiver.manifest.named_files.sidecar import read_sidecar
from archiver.sandbox import Sandbox
from tests.conftest import Figure
from tests.pulls import portal
from tests.s3.calls import outcome
from tests.s3.conftest import FEW
from tests.s3.faults import Faults
from tests.s3.guard import Guard
from tests.s3.looking import versions_of
from tests.s3.machines import Machine
from tests.s3.test_restoring import LOCKING, copied

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SIX_YEARS = {"ARCHIVER_LOCK": "governance", "ARCHIVER_RETAIN": "6y"}
CHAIN = ["manifests/00000001.json", "manifests/00000002.json"]
"""The manifests of the first run: which window it is of, and what it came to."""
"""The calls are of 2021: too short a time for this test from 2027 on."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with portal(FEW, wrong=1) as sandbox:
        yield sandbox


@pytest.fixture
def locking(machine: Machine, locked_bucket: str) -> Machine:
    """Return a machine whose bucket can lock."""
    machine.bucket = locked_bucket
    return machine


def locks_of(s3: "S3Client", bucket: str) -> dict[str, tuple[str | None, datetime | None]]:
    """Return how every object is locked, and until when."""
    told: dict[str, Any] = {
        key: s3.head_object(Bucket=bucket, Key=key, VersionId=version)
        for key, version in versions_of(s3, bucket)
    }
    return {
        key.removeprefix("portal/"): (
            each.get("ObjectLockMode"),
            each.get("ObjectLockRetainUntilDate"),
        )
        for key, each in told.items()
    }


def time_of(s3: "S3Client", bucket: str, key: str) -> datetime:
    """Return when the call of a sidecar was, in UTC."""
    text = s3.get_object(Bucket=bucket, Key=f"portal/{key}")["Body"].read()
    told = read_sidecar(text)
    assert told.created_at is not None
    assert told.utc_offset_minutes == 0
    return told.created_at.replace(tzinfo=UTC)


def test_what_is_locked_and_until_when(locking: Machine, s3: "S3Client", figure: Figure) -> None:
    before = datetime.now(UTC)
    code, told, err = locking.pull(**SIX_YEARS)
    assert (code, told["outcomes"]["quarantined"]) == (3, 1), err
    locks = locks_of(s3, locking.bucket)
    kept = {key: until for key, (mode, until) in locks.items() if mode == "GOVERNANCE"}
    bare = {key for key in locks if key not in kept}
    assert {key.partition("/")[0] for key in bare} == {"ARCHIVE.json", "quarantine"}
    assert len(bare) == 3
    sidecars = [key for key in kept if key.startswith("recordings/") and key.endswith(".json")]
    assert len(sidecars) == FEW - 1
    for key in sidecars:
        until = Period(years=6).after(time_of(s3, locking.bucket, key))
        stem = key.partition(".")[0]
        assert {kept[each] for each in kept if each.startswith(stem)} == {until}
    chain = [until for key, until in kept.items() if key.startswith("manifests/")]
    assert len(chain) == 2
    for written_until in chain:
        assert written_until is not None
        assert abs(written_until - Period(years=6).after(before)) < timedelta(minutes=5)
    refused = [
        outcome(s3.delete_object, Bucket=locking.bucket, Key=key, VersionId=version)[0]
        for key, version in versions_of(s3, locking.bucket)
        if key.removeprefix("portal/") in kept
    ]
    assert set(refused) == {403}
    assert locking.verify()[0] == 0
    figure(
        "S8",
        f"locked {len(kept)} of {len(locks)}, in quarantine 0; deletions refused {len(refused)}",
    )


def test_no_lock_reaches_too_far_or_into_the_past(
    locking: Machine, s3: "S3Client", figure: Figure
) -> None:
    code, _told, err = locking.pull(
        ARCHIVER_LOCK="governance", ARCHIVER_RETAIN="2y", ARCHIVER_MAX_RETAIN="90d"
    )
    assert code == 3
    assert f"{2 * (FEW - 1)} objects were given no date: older than 2y, by the call." in err
    locks = locks_of(s3, locking.bucket)
    chain = {key: until for key, (mode, until) in locks.items() if mode}
    assert [*chain] == CHAIN
    for until in chain.values():
        assert until is not None
        assert until - datetime.now(UTC) <= timedelta(days=90)
    figure("S8", f"too old for a lock, stored and counted: {2 * (FEW - 1)}; capped at 90d: 2")


def test_what_is_screened_first_is_locked_later(
    locking: Machine, s3: "S3Client", figure: Figure
) -> None:
    assert locking.pull(ARCHIVER_LOCK_AFTER="9y", **SIX_YEARS)[0] == 3
    names = [key for key, (mode, _) in locks_of(s3, locking.bucket).items() if mode]
    assert names == CHAIN
    lost = next(
        key for key, _ in versions_of(s3, locking.bucket)
        if "recordings/" in key and key.endswith(".mp3")
    )  # fmt: skip
    (version,) = (one for key, one in versions_of(s3, locking.bucket) if key == lost)
    s3.delete_object(Bucket=locking.bucket, Key=lost, VersionId=version)
    code, told, err = locking.pull(ARCHIVER_LOCK_AFTER="30d", **SIX_YEARS)
    assert code == 3, err
    assert told["outcomes"]["held"] == FEW - 1
    assert "1 recording was locked" in err
    assert (
        "Of what the archive holds, 1 recording or file of calls is not there to be locked" in err
    )
    locks = locks_of(s3, locking.bucket)
    audio = [key for key, (mode, _) in locks.items() if mode and key.endswith(".mp3")]
    assert len(audio) == FEW - 2
    figure("S8", f"locked after screening {len(audio)}, gone meanwhile and told 1")


def test_one_pull_locks_all_that_is_held(  # noqa: PLR0913, PLR0917 - as fixtures are
    machine: Machine,
    guard: Guard,
    s3: "S3Client",
    locked_bucket: str,
    tmp_path: Path,
    figure: Figure,
) -> None:
    """A copy has no lock: undated recordings and files of calls get one as all others do."""
    world = machine.sandbox.world
    world.edit(next(iter(world.recordings)).id, created_at=None)
    both = {"ARCHIVER_CALLS": "yes"}
    assert machine.pull(**both)[0] == 3, "one is in quarantine"
    copied(s3, machine.bucket, locked_bucket)
    code, _told, err = Machine(machine.sandbox, guard, locked_bucket, tmp_path / "new").pull(
        **both, **LOCKING
    )
    assert code == 3, err
    locks = locks_of(s3, locked_bucket)
    bare = {key.partition("/")[0] for key, (mode, _) in locks.items() if mode is None}
    assert bare == {"ARCHIVE.json", "quarantine"}
    undated = [key for key in locks if key.startswith("recordings/undated/")]
    calls = [key for key in locks if key.startswith("calls/")]
    assert (len(undated), bool(calls)) == (2, True)
    figure(
        "G41",
        f"copied, then pulled with lock_after: undated files locked {len(undated)} of 2, "
        f"files of calls {len(calls)} of {len(calls)}",
    )


def test_files_of_calls_are_locked_as_they_are_stored(
    locking: Machine, s3: "S3Client", figure: Figure
) -> None:
    assert locking.pull(ARCHIVER_CALLS="yes", **SIX_YEARS)[0] == 3
    locks = locks_of(s3, locking.bucket)
    calls = {key: until for key, (_, until) in locks.items() if key.startswith("calls/")}
    assert calls
    assert {*calls.values()} == {
        Period(years=6).after(since) for since in map(calls_over, calls) if since
    }
    figure("G41", f"stored with lock: files of calls locked {len(calls)}, from their day on")


@pytest.mark.parametrize(
    ("kind", "faults", "why"),
    [
        ("bucket", Faults(), "it does not keep versions"),
        ("versioned_bucket", Faults(), "Object Lock is not enabled"),
        ("locked_bucket", Faults(versions_hidden=True), "it does not keep versions"),
        ("locked_bucket", Faults(locks="ignored"), "Object Lock is not enabled"),
        ("locked_bucket", Faults(locks="echoed"), "Object Lock is not enabled"),
    ],
)
def test_a_bucket_that_does_not_lock_is_refused(  # noqa: PLR0913, PLR0917 - as fixtures are
    kind: str,
    faults: Faults,
    why: str,
    machine: Machine,
    s3: "S3Client",
    request: pytest.FixtureRequest,
    figure: Figure,
) -> None:
    machine.bucket = request.getfixturevalue(kind)
    machine.guard.faults = faults
    code, _told, err = machine.pull(**SIX_YEARS)
    assert (code, why in err) == (2, True), err
    machine.guard.faults = Faults()
    assert versions_of(s3, machine.bucket) == []
    figure("S8", f"{kind}, locks {faults.locks}: refused, claims of a lock 0")


def test_compliance_is_confirmed_once(locking: Machine, s3: "S3Client", figure: Figure) -> None:
    compliance = {"ARCHIVER_LOCK": LockMode.COMPLIANCE.value, "ARCHIVER_RETAIN": "6y"}
    code, _told, err = locking.pull(**compliance)
    assert (code, "--confirm-compliance" in err) == (2, True), err
    told = s3.list_object_versions(Bucket=locking.bucket)
    assert not told.keys() & {"Versions", "DeleteMarkers"}, "not even of a trial"
    assert locking.pull("--confirm-compliance", **compliance)[0] == 3
    locked = {mode for mode, _ in locks_of(s3, locking.bucket).values()}
    assert locked == {None, "COMPLIANCE"}
    assert locking.pull(**compliance)[0] == 3
    figure("S8", "COMPLIANCE unconfirmed: left in the bucket 0; confirmed once, then not asked for")


def test_what_a_lock_keeps_under_a_name_stays(
    locking: Machine, s3: "S3Client", guard: Guard, tmp_path: Path, figure: Figure
) -> None:
    """Other content that is locked can't make way, so it is hidden and found."""
    assert locking.pull(**SIX_YEARS)[0] == 3
    bucket = locking.bucket
    audio = next(
        key for key, _ in versions_of(s3, bucket) if "recordings/" in key and key.endswith(".mp3")
    )
    until = datetime.now(UTC) + timedelta(days=1)
    s3.put_object(
        Bucket=bucket, Key=audio, Body=b"other", ChecksumAlgorithm="SHA256",
        ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until,
    )  # fmt: skip
    for key, version in versions_of(s3, bucket):
        if "manifests/" in key:
            s3.delete_object(
                Bucket=bucket, Key=key, VersionId=version, BypassGovernanceRetention=True
            )
    other = Machine(locking.sandbox, guard, bucket, tmp_path / "two")
    code, told, err = other.pull()
    assert (code, told["outcomes"]["archived"]) == (3, 1), err
    bodies = {
        s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
        for key, version in versions_of(s3, bucket)
        if key == audio
    }
    assert b"other" in bodies
    code, report = other.verify()
    extra = [each["path"] for each in report["extra"]]
    assert (code, set(extra)) == (3, {audio.removeprefix("portal/")})
    figure("S1", f"other content locked under a name: lost 0, told as extra {len(extra)}")
