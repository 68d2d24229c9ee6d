"""Repairing an archive in a bucket: what was deleted or changed there is put back, and whole."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archiver.sandbox import Sandbox
from tests.s3.guard import Guard
from tests.s3.looking import named, put_over, versions_of
from tests.s3.machines import Machine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.mark.parametrize(("kind", "ending"), [("bucket", ".mp3"), ("versioned_bucket", ".json")])
def test_what_a_bucket_lost_is_put_back(  # noqa: PLR0913, PLR0917 - as pytest gives them
    kind: str,
    ending: str,
    request: pytest.FixtureRequest,
    sandbox: Sandbox,
    guard: Guard,
    s3: "S3Client",
    tmp_path: Path,
) -> None:
    name: str = request.getfixturevalue(kind)
    machine = Machine(sandbox, guard, name, tmp_path / "one")
    assert machine.pull()[0] == 0
    keys = [key for key, _ in versions_of(s3, name) if "/recordings/" in key]
    key = next(key for key in keys if key.endswith(ending))
    if kind == "bucket":
        put_over(s3, name, key, b"other bytes")
    else:
        delete(s3, name, key)
    assert machine.verify()[0] == 3

    ran = machine.run("repair", "--json")

    told = json.loads(ran.out)
    is_lost = told["replaced"] != []
    assert (ran.code, told["left"]) == (3 if is_lost else 0, []), ran.err
    assert [*told["put_back"], *told["replaced"]] == [key.removeprefix("portal/")]
    assert machine.verify("--read")[0] == 0
    code, told, _err = machine.pull()
    assert (code, told["outcomes"]["held"]) == (3 if is_lost else 0, told["outcomes"]["listed"])


def delete(s3: "S3Client", bucket: str, key: str) -> None:
    """Delete for good: every version there is."""
    for each, version in versions_of(s3, bucket):
        if each == key:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version)


def test_a_bucket_that_locks_is_repaired_from_a_folder(
    sandbox: Sandbox, guard: Guard, locked_bucket: str, s3: "S3Client", tmp_path: Path
) -> None:
    machine = Machine(sandbox, guard, locked_bucket, tmp_path / "one")
    machine.pull()
    copy = tmp_path / "copy"
    for key, _ in versions_of(s3, machine.bucket):
        path = copy / key.removeprefix("portal/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.get_object(Bucket=machine.bucket, Key=key)["Body"].read())
    head = machine.verify()[1]["head"]
    lost = [named(s3, machine.bucket, part) for part in (".mp3", "manifests/00000001")]
    for key in lost:
        delete(s3, machine.bucket, key)

    kept = f"{head['number']}:{head['sha256']}"
    words = ("repair", "--json", "--from", str(copy), "--head", kept)
    locking = {"ARCHIVER_LOCK": "governance", "ARCHIVER_RETAIN": "1d"}
    ran = machine.run(*words, **locking, ARCHIVER_TOKEN="")

    put_back = json.loads(ran.out)["put_back"]
    assert (ran.code, sorted(f"portal/{key}" for key in put_back)) == (0, sorted(lost)), ran.err
    assert machine.verify("--read")[0] == 0
