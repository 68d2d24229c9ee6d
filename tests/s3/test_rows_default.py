"""Buckets that lock whatever is stored: nothing is locked less, trials leave nothing for years."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
import time_machine

from archiver.domain.layout import manifest_key
from archiver.domain.retention import Default, LockMode, Period, Retention
from archiver.errors import DestinationError
from archiver.store.s3.locking import locked_leftovers
from tests.conftest import Figure
from tests.s3.conftest import FEW
from tests.s3.faults import Faults
from tests.s3.locks import PREFIX
from tests.s3.machines import Machine
from tests.s3.refusals import ACCESS_DENIED
from tests.s3.stores import bucket_store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "recordings/2019/06/11/20190611-060421_42.0123456789ab.mp3"
Mode = Literal["GOVERNANCE", "COMPLIANCE"]
NEAR = timedelta(minutes=20)
SHORT = timedelta(minutes=1)
"""How long trials lock in a test that waits for the end of it."""


def lock_unasked(s3: "S3Client", bucket: str, mode: Mode, days: int) -> None:
    """Let a bucket lock whatever is stored."""
    s3.put_object_lock_configuration(
        Bucket=bucket,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": mode, "Days": days}},
        },
    )


def locks(s3: "S3Client", bucket: str, part: str = "") -> dict[str, tuple[str, datetime]]:
    """Return mode and end of the lock of every version with ``part`` in its key; no marker is."""
    told: dict[str, Any] = dict(s3.list_object_versions(Bucket=bucket))
    assert "DeleteMarkers" not in told
    found: dict[str, tuple[str, datetime]] = {}
    for each in told.get("Versions", ()):
        if part in each["Key"]:
            head = s3.head_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
            lock = head["ObjectLockMode"], head["ObjectLockRetainUntilDate"]
            found[f"{each['Key']} {each['VersionId']}"] = lock
    return found


@pytest.fixture
def locking(machine: Machine, locked_bucket: str) -> Machine:
    """Return a machine whose bucket can lock."""
    machine.bucket = locked_bucket
    return machine


@pytest.mark.parametrize(
    ("unasked", "days", "lock", "retain", "mode", "by"),
    [
        ("GOVERNANCE", 30, "governance", "20y", "GOVERNANCE", "settings"),
        ("GOVERNANCE", 30, "governance", "1y", "GOVERNANCE", "default"),
        ("GOVERNANCE", 18_000, "compliance", "20y", "COMPLIANCE", "default"),
        ("COMPLIANCE", 30, "governance", "20y", "COMPLIANCE", "settings"),
    ],
)
def test_nothing_is_locked_less_than_the_bucket_locks_unasked(  # noqa: PLR0913, PLR0917 - as fixtures are
    unasked: Mode, days: int, lock: str, retain: str, mode: str, by: str,
    locking: Machine, s3: "S3Client", figure: Figure,
) -> None:  # fmt: skip
    lock_unasked(s3, locking.bucket, unasked, days)
    settings = {
        "ARCHIVER_LOCK": lock, "ARCHIVER_RETAIN": retain, "ARCHIVER_MAX_RETAIN": "30y",
    }  # fmt: skip
    if mode == "COMPLIANCE":
        code, _told, err = locking.pull(**settings)
        assert (code, "--confirm-compliance" in err, locks(s3, locking.bucket)) == (2, True, {})
    code, told, err = locking.pull("--confirm-compliance", **settings)
    assert (code, told["outcomes"]["archived"]) == (0, FEW), err
    assert "were given no date" not in err
    kept = locks(s3, locking.bucket, "/recordings/")
    assert len(kept) == 2 * FEW
    assert {each for each, _ in kept.values()} == {mode}
    least = datetime.now(UTC) + timedelta(days=days) - NEAR
    for _, until in kept.values():
        assert until >= least
        assert (until - least < 2 * NEAR) == (by == "default")
    for manifest in locks(s3, locking.bucket, "/manifests/").values():
        assert (manifest[0], manifest[1] >= least) == (mode, True)
    assert locking.pull(**settings)[0] == 0, "what was said once is not asked for again"
    assert locking.verify()[0] == 0
    figure("S8", f"default {unasked} {days}d, lock {lock} {retain}: {mode}, locked less 0")


def test_a_manifest_is_never_left_in_the_weaker_mode(locking: Machine, s3: "S3Client") -> None:
    """What the bucket has locked in GOVERNANCE mode can't be made COMPLIANCE afterwards."""
    lock_unasked(s3, locking.bucket, "GOVERNANCE", 30)
    locking.guard.faults = Faults(create_only="late")
    settings = {
        "ARCHIVER_LOCK": "compliance", "ARCHIVER_RETAIN": "20y", "ARCHIVER_MAX_RETAIN": "30y",
    }  # fmt: skip
    code, _told, err = locking.pull("--confirm-compliance", **settings)
    assert code == 0, err
    assert {mode for mode, _ in locks(s3, locking.bucket, "/manifests/").values()} == {"COMPLIANCE"}


@pytest.mark.parametrize("settings", [{}, {"ARCHIVER_LOCK": "governance", "ARCHIVER_RETAIN": "9y"}])
def test_trials_leave_nothing_for_years(
    settings: dict[str, str],
    locking: Machine,
    s3: "S3Client",
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
) -> None:
    monkeypatch.setattr(locked_leftovers, "TRIED_S", SHORT.seconds)
    lock_unasked(s3, locking.bucket, "GOVERNANCE", 3_650)
    assert locking.pull(**settings)[0] == 0
    left = locks(s3, locking.bucket, "/.archiver/")
    assert left
    assert max(until for _, until in left.values()) <= datetime.now(UTC) + SHORT
    told = json.loads((locking.workdir / "bucket.json").read_text())["left"]
    assert {f"{each['key']} {each['version']}" for each in told} == left.keys()
    last = max(until for _, until in left.values())
    with time_machine.travel(last + timedelta(seconds=1)):
        assert locking.pull(**settings)[0] == 0
    assert locks(s3, locking.bucket, "/.archiver/") == {}
    assert json.loads((locking.workdir / "bucket.json").read_text())["left"] == []
    figure(
        "S8", f"locked by trials {len(left)}, for {SHORT.seconds} s at most, and left after that 0"
    )


def test_who_may_not_lock_remembers_what_trials_leave(locking: Machine, s3: "S3Client") -> None:
    lock_unasked(s3, locking.bucket, "COMPLIANCE", 365)
    locking.guard.faults = Faults(refused=((PREFIX, ACCESS_DENIED),))
    assert locking.pull()[0] == 0
    left = locks(s3, locking.bucket, "/.archiver/")
    told = json.loads((locking.workdir / "bucket.json").read_text())["left"]
    assert {f"{each['key']} {each['version']}" for each in told} == left.keys()
    until = {datetime.fromisoformat(each["until"]) for each in told}
    assert min(until) > datetime.now(UTC) + timedelta(days=364)
    assert locking.pull()[0] == 0
    assert locks(s3, locking.bucket, "/.archiver/") == left, "no run tries what can't be"


def test_a_lock_that_is_there_only_grows(
    s3: "S3Client", locked_bucket: str, tmp_path: Path, figure: Figure
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    year, later = now + timedelta(days=365), now + timedelta(days=800)
    put: Any = s3.put_object(
        Bucket=locked_bucket, Key=KEY, Body=b"1", ChecksumAlgorithm="SHA256",
        ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=year,
    )  # fmt: skip

    def lock(mode: LockMode, days: int) -> tuple[str, datetime]:
        retention = Retention(mode, Period(days=days))
        store = bucket_store(s3, f"s3://{locked_bucket}", tmp_path, retention=retention)
        assert store.locking.lock(KEY, put["VersionId"], now)
        return locks(s3, locked_bucket)[f"{KEY} {put['VersionId']}"]

    assert lock(LockMode.GOVERNANCE, 30) == ("COMPLIANCE", year)
    assert lock(LockMode.GOVERNANCE, 800) == ("COMPLIANCE", later)
    put = s3.put_object(
        Bucket=locked_bucket, Key=KEY, Body=b"2", ChecksumAlgorithm="SHA256",
        ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=year,
    )  # fmt: skip
    assert lock(LockMode.GOVERNANCE, 30) == ("GOVERNANCE", year)
    with pytest.raises(DestinationError, match="may not be changed to COMPLIANCE"):
        lock(LockMode.COMPLIANCE, 30)
    figure("S8", "locks that are there: made weaker 0, made shorter 0; a change refused and told 1")


def test_a_manifest_that_the_bucket_alone_has_locked_is_locked(
    s3: "S3Client", locked_bucket: str, tmp_path: Path
) -> None:
    lock_unasked(s3, locked_bucket, "GOVERNANCE", 30)
    key = manifest_key(1)
    s3.put_object(Bucket=locked_bucket, Key=key, Body=b"1", ChecksumAlgorithm="SHA256")
    retention = Retention(LockMode.GOVERNANCE, Period(years=5))
    store = bucket_store(s3, f"s3://{locked_bucket}", tmp_path, retention=retention)
    untils = []
    for _ in range(2):
        store.locking.hold(key, None)
        ((_mode, until),) = locks(s3, locked_bucket, key).values()
        untils.append(until)
    assert untils[0] > datetime.now(UTC) + timedelta(days=1_820)
    assert untils[0] == untils[1], "what its writer has locked is left as it is"


def test_doctor_tells_what_a_bucket_locks_unasked(locking: Machine, s3: "S3Client") -> None:
    lock_unasked(s3, locking.bucket, "COMPLIANCE", 90)
    told = locking.run("doctor").out
    assert "locks whatever is stored (COMPLIANCE, 90d)" in told
    assert "No lock is asked for." in told
    settings = {"ARCHIVER_LOCK": "governance", "ARCHIVER_RETAIN": "9y"}
    assert locking.doctor(**settings)["locks"] == "ok"
    assert locking.doctor(**settings, ARCHIVER_LOCK_AFTER="30d")["locks"] == "warn"


def test_nothing_else_is_written_for_good_unasked(lockable: Machine, s3: "S3Client") -> None:
    """Whoever accepts or repairs writes manifests, which are locked as well."""
    for words in (("accept", "--day", "2021-06-11", "--reason", "heard"), ("repair",)):
        ran = lockable.run(*words, ARCHIVER_LOCK="compliance", ARCHIVER_RETAIN="9y")
        assert (ran.code, "--confirm-compliance" in ran.err) == (2, True), ran.err
    told: Any = s3.list_object_versions(Bucket=lockable.bucket)["Versions"]
    assert not [each for each in told if "/.archiver/locked-" in each["Key"]]


def test_a_rule_of_a_bucket_is_read_within_bounds() -> None:
    assert Default.of("GOVERNANCE", 30, None) == Default(LockMode.GOVERNANCE, Period(days=30))
    assert str(Default.of("COMPLIANCE", None, 2)) == "COMPLIANCE, 2y"
    assert str(Default.of("COMPLIANCE", None, 10**9)) == "COMPLIANCE, 100y"
    assert Default.of("OTHER", 30, None) is None
    assert Default.of("GOVERNANCE", None, None) is None
