"""An archive that was copied into another bucket goes on there: the hash decides."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archiver.check.audit import audit
from archiver.check.audit_report import FullRead, ServerHash, SizeOnly
from tests.conftest import Figure
from tests.s3.conftest import FEW
from tests.s3.guard import Guard
from tests.s3.looking import named, versions_of
from tests.s3.machines import Machine
from tests.s3.stores import bucket_store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LOCKING = {
    "ARCHIVER_LOCK": "governance",
    "ARCHIVER_RETAIN": "30y",
    "ARCHIVER_MAX_RETAIN": "30y",
    "ARCHIVER_LOCK_AFTER": "1d",
}


def copied(s3: "S3Client", source: str, target: str) -> None:
    """Copy what a plain reader gets: any tool does as much."""
    for key, _ in versions_of(s3, source):
        body = s3.get_object(Bucket=source, Key=key)["Body"].read()
        s3.put_object(Bucket=target, Key=key, Body=body, ChecksumAlgorithm="SHA256")


def locked(s3: "S3Client", bucket: str) -> set[str]:
    """Return the kinds of keys of which every one is locked."""
    found = {True: set[str](), False: set[str]()}
    for key, _ in versions_of(s3, bucket):
        told = s3.head_object(Bucket=bucket, Key=key)
        found["ObjectLockMode" in told].add(key.split("/")[1])
    return found[True] - found[False]


@pytest.mark.parametrize("kind", ["bucket", "locked_bucket"])
def test_a_copy_in_another_bucket_goes_on(  # noqa: PLR0913, PLR0917 - as fixtures are
    kind: str,
    pulled: Machine,
    guard: Guard,
    s3: "S3Client",
    tmp_path: Path,
    request: pytest.FixtureRequest,
    figure: Figure,
) -> None:
    name: str = request.getfixturevalue(kind)
    copied(s3, pulled.bucket, name)
    restored = Machine(pulled.sandbox, guard, name, tmp_path / "restored")
    elsewhere = 0 if kind == "bucket" else 2 * FEW
    onlooker = bucket_store(s3, f"s3://{name}/portal", tmp_path)
    for depth in (FullRead(), ServerHash(), SizeOnly()):
        report = audit(onlooker, depth=depth)
        assert (report.is_clean, report.ok, report.elsewhere) == (True, 2 * FEW + 3, elsewhere)
    environ = LOCKING if kind == "locked_bucket" else {}
    code, told, err = restored.pull(**environ)
    assert (code, told["outcomes"]["held"], told["head"]["number"]) == (0, FEW, 3), err
    assert locked(s3, name) == ({"recordings", "manifests"} if environ else set())
    code, told = restored.verify()
    assert (code, told["elsewhere"]) == (0, elsewhere)
    figure("S9", f"copied into another {kind}: verified 3 of 3 ways, pulled into, missing 0")


def test_a_copy_is_repaired_from_the_first_bucket(  # noqa: PLR0913, PLR0917 - as fixtures are
    pulled: Machine,
    guard: Guard,
    second_bucket: str,
    s3: "S3Client",
    tmp_path: Path,
    figure: Figure,
) -> None:
    copied(s3, pulled.bucket, second_bucket)
    restored = Machine(pulled.sandbox, guard, second_bucket, tmp_path / "restored")
    lost = [named(s3, second_bucket, part) for part in (".mp3", "ARCHIVE.json")]
    for key, version in versions_of(s3, second_bucket):
        if key in lost:
            s3.delete_object(Bucket=second_bucket, Key=key, VersionId=version)
    # In the first one, something lies over what is needed.
    s3.put_object(Bucket=pulled.bucket, Key=lost[0], Body=b"other bytes")
    words = ("repair", "--json", "--from", f"s3://{pulled.bucket}/portal")
    ran = restored.run(*words, ARCHIVER_TOKEN="")
    told = json.loads(ran.out)
    put_back = sorted(f"portal/{key}" for key in told["put_back"])
    assert (ran.code, put_back, told["left"]) == (0, sorted(lost), []), ran.err
    code, report = restored.verify("--read")
    assert (code, report["elsewhere"]) == (0, 2 * FEW - 1), "what was put back is where it is said"
    figure("S9", f"lost in a copy {len(lost)}: put back from under what lies over the first's")
