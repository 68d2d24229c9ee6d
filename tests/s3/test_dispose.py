"""Disposed of in a bucket: by its server's clock where there is no token; what is locked stays."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

from archiver.store.s3.bucket import bucket
from tests.conftest import Figure
from tests.s3.conftest import FEW
from tests.s3.looking import unlisted, versions_of
from tests.s3.machines import Machine
from tests.s3.test_copy import LOCKING
from tests.s3.test_erase import CALLS, left

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RULE = {"ARCHIVER_RETENTION": '[{ period = "1y", action = "dispose" }]'}


def dispose(machine: Machine, *words: str, **environ: str) -> tuple[int, Any, str]:
    ran = machine.run("dispose", "--json", *words, **{**RULE, **environ})
    return ran.code, json.loads(ran.out) if ran.out else {}, ran.err


def lock(s3: "S3Client", bucket: str, *parts: str) -> datetime:
    """Lock for days whatever has all these parts in its key; return until when."""
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)
    retention: Any = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    for key, version in versions_of(s3, bucket):
        if all(part in key for part in parts):
            s3.put_object_retention(Bucket=bucket, Key=key, VersionId=version, Retention=retention)
    return until


def test_the_buckets_clock_will_do(pulled: Machine, s3: "S3Client", figure: Figure) -> None:
    code, plan, err = dispose(pulled, ARCHIVER_TOKEN="")
    assert (code, len(plan["recordings"]), plan["clocks"]["of"]) == (0, FEW, "bucket"), err
    for answered in (None, datetime.fromisoformat("2016-01-01T00:00:00Z")):
        with mock.patch.object(bucket, "time_in", return_value=answered):
            code, _, err = dispose(pulled, "--confirm", plan["plan"], ARCHIVER_TOKEN="")
        assert code == (2 if answered is None else 4), err
    assert sum(left(s3, pulled.bucket, each) for each in pulled.archived()) == 2 * FEW
    code, told, err = dispose(pulled, "--confirm", plan["plan"], ARCHIVER_TOKEN="")
    assert (code, told["disposed"]) == (0, FEW), err
    assert sum(left(s3, pulled.bucket, each) for each in pulled.archived()) == 0
    code, told, err = pulled.pull()
    assert (code, told["outcomes"]["erased"], pulled.verify()[0]) == (0, FEW, 0), err
    figure("P5", f"by the bucket's clock: {FEW} disposed of, by one of 2016 or none 0, verify 0")


def test_what_has_a_row_in_a_locked_file_of_calls_waits_for_that(
    machine: Machine, locked_bucket: str, s3: "S3Client", figure: Figure
) -> None:
    machine.bucket = locked_bucket
    machine.pull(**CALLS)
    code, plan, err = dispose(machine, **CALLS)
    assert (code, len(plan["recordings"]), plan["call_rows"]) == (0, FEW, FEW), err
    until = lock(s3, locked_bucket, "/calls/")
    with unlisted("calls/"):
        assert dispose(machine, **CALLS)[1]["locked"] == FEW, "each file is asked for by its name"
    code, told, err = dispose(machine, **CALLS)
    assert (code, told["plan"], told["locked"]) == (0, None, FEW), err
    assert told["until"] == f"{until:%Y-%m-%dT%H:%M:%SZ}"
    code, told, err = dispose(machine, "--confirm", plan["plan"], **CALLS)
    assert (code, told["refused"], told["removed"]) == (3, True, 0), err
    assert sum(left(s3, locked_bucket, each) for each in machine.archived()) == 2 * FEW
    figure("P5", f"rows in a locked file of calls: {FEW} of {FEW} wait, removed 0")


def test_what_is_locked_is_counted_with_its_date(
    machine: Machine, locked_bucket: str, s3: "S3Client", figure: Figure
) -> None:
    machine.bucket = locked_bucket
    machine.pull(**LOCKING)
    code, plan, err = dispose(machine, **LOCKING)
    assert (code, plan["plan"], plan["due"], plan["locked"]) == (0, None, FEW, FEW), err
    assert plan["until"].startswith("2051")
    assert sum(left(s3, locked_bucket, each) for each in machine.archived()) == 2 * FEW
    figure("P5", f"locked: {FEW} of {FEW} due are counted until {plan['until']}, removed 0")


def test_what_is_locked_and_left_out_of_a_listing_is_not_planned_and_stays(
    lockable: Machine, s3: "S3Client", figure: Figure
) -> None:
    (recording, *_) = lockable.archived()
    _, before, _ = dispose(lockable)
    lock(s3, lockable.bucket, recording, ".mp3")
    with unlisted(recording, ".mp3"):
        code, plan, err = dispose(lockable)
        assert (code, len(plan["recordings"]), plan["locked"]) == (0, FEW - 1, 1), err
        code, told, err = dispose(lockable, "--confirm", before["plan"])
        assert (code, told["refused"], told["removed"]) == (3, True, 0), err
    assert sum(left(s3, lockable.bucket, each) for each in lockable.archived()) == 2 * FEW
    figure("P3", f"locked, and left out of a listing: planned {FEW - 1} of {FEW}, removed 0")
