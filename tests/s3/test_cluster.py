"""An archive in a bucket is verified by a cluster: the verdict of one machine, by any depth."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from archiver.app.workers.cluster.batches import ClusterOpening
from archiver.app.workers.cluster.crew import Worker
from archiver.domain.layout import PRIVATE
from tests.conftest import Figure
from tests.pull.clusters import MODULE, InThisProcess, standing_in
from tests.pulls import DAY
from tests.s3.conftest import FEW
from tests.s3.looking import put_over, versions_of
from tests.s3.machines import Machine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DASK = ("--dask", "tcp://127.0.0.1:1")


@pytest.mark.parametrize("depth", [(), ("--read",)])
def test_a_bucket_is_verified_by_a_cluster_as_by_one_machine(
    depth: tuple[str, ...],
    pulled: Machine,
    s3: "S3Client",
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
) -> None:
    """Another version lies over one file, a delete marker over another, and one is gone."""
    monkeypatch.setitem(sys.modules, MODULE, standing_in(InThisProcess))
    assert pulled.verify(*depth, *DASK) == pulled.verify(*depth)
    keys = sorted({key for key, _ in versions_of(s3, pulled.bucket) if "/recordings/" in key})
    over, hidden, gone = keys[:3]
    put_over(s3, pulled.bucket, over, b"other bytes")
    s3.delete_object(Bucket=pulled.bucket, Key=hidden)
    for key, version in versions_of(s3, pulled.bucket):
        if key == gone:
            s3.delete_object(Bucket=pulled.bucket, Key=key, VersionId=version)
    code, told = pulled.verify(*depth)
    assert pulled.verify(*depth, *DASK) == (code, told)
    assert code == 3
    named = [told[kind][0]["path"] for kind in ("extra", "hidden", "missing")]
    assert named == [key.removeprefix("portal/") for key in (over, hidden, gone)]
    if depth:
        figure("D21", f"{len(named)} kinds of damage in a bucket: verdicts that differ 0")


class OneElsewhere(InThisProcess):
    """A cluster whose first worker reaches a copy of the archive, by whatever name; then one comes.

    ``why`` is why it can't work there.
    """

    copy = ""
    why = ""

    def workers(self) -> Mapping[str, Worker]:
        """Return the first, and once that was asked, the second."""
        there = {"there": Worker("there", 3)}
        return {**there, **super().workers()} if OneElsewhere.why else there

    def open(self, worker: str, opening: ClusterOpening) -> str:
        """Open the archive, or the copy."""
        if worker != "there":
            return super().open(worker, opening)
        settings = replace(opening.settings, archive=self.copy)
        OneElsewhere.why = super().open("here", replace(opening, settings=settings)) or "none"
        return OneElsewhere.why


@pytest.fixture
def elsewhere(pulled: Machine, second_bucket: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a bucket with a copy of the archive, and let there be a worker that reaches that."""
    copy = f"s3://{second_bucket}/portal"
    assert pulled.run("copy", "--to", copy).code == 0
    monkeypatch.setattr(OneElsewhere, "copy", copy)
    monkeypatch.setattr(OneElsewhere, "why", "")
    monkeypatch.setitem(sys.modules, MODULE, standing_in(OneElsewhere))
    return second_bucket


def audio_in(s3: "S3Client", bucket: str) -> list[str]:
    return [key for key, _ in versions_of(s3, bucket) if key.endswith(".mp3")]


def scratch_in(s3: "S3Client", bucket: str) -> list[str]:
    told = s3.list_objects_v2(Bucket=bucket, Prefix=f"portal/{PRIVATE}/shown-")
    return [each["Key"] for each in told.get("Contents", ())]


def test_a_worker_that_reaches_another_bucket_archives_nothing(
    elsewhere: str, pulled: Machine, s3: "S3Client"
) -> None:
    pulled.sandbox.world.add(count=2, first=DAY, last=DAY, seconds=(1, 2))
    code, told, err = pulled.pull(*DASK)
    assert (code, told["outcomes"]["archived"]) == (0, 2), err
    assert "Worker there is given nothing: s3://" in err
    assert "is not where the run works" in OneElsewhere.why
    assert (len(audio_in(s3, pulled.bucket)), len(audio_in(s3, elsewhere))) == (FEW + 2, FEW)
    assert scratch_in(s3, pulled.bucket) == []
    assert pulled.verify("--read")[0] == 0


def test_a_worker_that_reads_another_bucket_says_nothing_of_this_one(
    elsewhere: str, pulled: Machine, s3: "S3Client"
) -> None:
    (key, *_) = audio_in(s3, pulled.bucket)
    for _key, version in [each for each in versions_of(s3, pulled.bucket) if each[0] == key]:
        s3.delete_object(Bucket=pulled.bucket, Key=key, VersionId=version)
    body = s3.get_object(Bucket=elsewhere, Key=key)["Body"].read()
    s3.put_object(Bucket=pulled.bucket, Key=key, Body=bytes([body[0] ^ 1]) + body[1:])
    code, told = pulled.verify("--read", *DASK)
    assert (code, [each["path"] for each in told["differ"]]) == (3, [key.removeprefix("portal/")])
    assert "is not where the run works" in OneElsewhere.why


def test_what_shows_a_bucket_has_a_lock_of_a_minute_at_most(
    locked_bucket: str, machine: Machine, s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.bucket = locked_bucket
    default = {"Mode": "COMPLIANCE", "Years": 10}
    lock: Any = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}}
    s3.put_object_lock_configuration(Bucket=locked_bucket, ObjectLockConfiguration=lock)
    assert machine.pull()[0] == 0
    monkeypatch.setitem(sys.modules, MODULE, standing_in(InThisProcess))
    assert machine.verify("--read", *DASK)[0] == 0
    told = s3.list_object_versions(Bucket=locked_bucket, Prefix=f"portal/{PRIVATE}/shown-")
    assert len(told["Versions"]) == 1
    for each in told["Versions"]:
        where: Any = {"Key": each["Key"], "VersionId": each["VersionId"]}
        kept = s3.get_object_retention(Bucket=locked_bucket, **where)["Retention"]
        assert kept["Mode"] == "GOVERNANCE"
        assert kept["RetainUntilDate"] < datetime.now(UTC) + timedelta(minutes=2)
