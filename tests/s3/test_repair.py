"""Repairing an archive in a bucket: what was deleted or changed there is put back, and whole."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from archiver.sandbox import Trouble
from archiver.store.s3.writing.bucket_clearing import BucketClearing
from tests.s3.faults import Faults, Troubled
from tests.s3.guard import Guard
from tests.s3.looking import named, put_over, versions_of
from tests.s3.machines import Machine
from tests.s3.refusals import ACCESS_DENIED

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.mark.parametrize(("kind", "ending"), [("unversioned", ".mp3"), ("pulled", ".json")])
def test_what_a_bucket_lost_is_put_back(
    kind: str, ending: str, request: pytest.FixtureRequest, s3: "S3Client"
) -> None:
    machine: Machine = request.getfixturevalue(kind)
    name = machine.bucket
    keys = [key for key, _ in versions_of(s3, name) if "/recordings/" in key]
    key = next(key for key in keys if key.endswith(ending))
    if kind == "unversioned":
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
    lockable: Machine, s3: "S3Client", tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    for key, _ in versions_of(s3, lockable.bucket):
        path = copy / key.removeprefix("portal/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.get_object(Bucket=lockable.bucket, Key=key)["Body"].read())
    head = lockable.verify()[1]["head"]
    lost = [named(s3, lockable.bucket, part) for part in (".mp3", "manifests/00000001")]
    for key in lost:
        delete(s3, lockable.bucket, key)

    kept = f"{head['number']}:{head['sha256']}"
    words = ("repair", "--json", "--from", str(copy), "--head", kept)
    locking = {"ARCHIVER_LOCK": "governance", "ARCHIVER_RETAIN": "1d"}
    ran = lockable.run(*words, **locking, ARCHIVER_TOKEN="")

    put_back = json.loads(ran.out)["put_back"]
    assert (ran.code, sorted(f"portal/{key}" for key in put_back)) == (0, sorted(lost)), ran.err
    assert lockable.verify("--read")[0] == 0


@contextmanager
def troubled(guard: Guard, key: str, *, times: int | None, may_delete: bool) -> Iterator[None]:
    """Let so many answers be empty while something is taken off a name, or set aside from it."""
    troubles = [Troubled(Trouble.EMPTY, times=times, operations=frozenset({"GetObject"}), part=key)]
    if not may_delete:
        troubles.append(Troubled(ACCESS_DENIED, operations=frozenset({"DeleteObject"}), part=key))
    uncover, aside = BucketClearing.uncover, BucketClearing.set_aside

    def uncovering(self: BucketClearing, name: str, version: str | None, *rest: str) -> None:
        guard.faults = Faults(troubles=tuple(troubles))
        uncover(self, name, version, *rest)

    def setting_aside(self: BucketClearing, name: str, new_name: str) -> None:
        guard.faults = Faults(troubles=tuple(troubles))
        aside(self, name, new_name)

    with (
        mock.patch.object(BucketClearing, "uncover", uncovering),
        mock.patch.object(BucketClearing, "set_aside", setting_aside),
    ):
        yield
    guard.faults = Faults()


@pytest.mark.parametrize("may_delete", [True, False])
@pytest.mark.parametrize("times", [1, None])
def test_what_is_brought_to_the_top_is_what_was_archived(
    times: int | None, *, may_delete: bool, pulled: Machine, s3: "S3Client", guard: Guard
) -> None:
    bucket = pulled.bucket
    key = named(s3, bucket, ".mp3")
    right = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    put_over(s3, bucket, key, b"other bytes")
    with troubled(guard, key, times=times, may_delete=may_delete):
        ran = pulled.run("repair")
    assert (ran.code, "gives other bytes" in ran.err) == ((0, False) if times else (4, True))
    assert pulled.run("repair").code == 0
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == right
    kept = {s3.get_object(Bucket=bucket, Key=k)["Body"].read() for k, _ in versions_of(s3, bucket)}
    assert (b"other bytes" in kept, b"" in kept) == (True, False)


def test_what_is_set_aside_is_what_lay_there(
    pulled: Machine, s3: "S3Client", guard: Guard, tmp_path: Path
) -> None:
    bucket, copy = pulled.bucket, str(tmp_path / "copy")
    assert pulled.run("copy", "--to", copy).code == 0
    key = named(s3, bucket, ".mp3")
    delete(s3, bucket, key)
    s3.put_object(Bucket=bucket, Key=key, Body=b"other bytes")
    with troubled(guard, key, times=1, may_delete=True):
        ran = pulled.run("repair", "--from", copy)
    assert ran.code == 0, ran.err
    kept = {s3.get_object(Bucket=bucket, Key=k)["Body"].read() for k, _ in versions_of(s3, bucket)}
    assert (b"other bytes" in kept, b"" in kept) == (True, False)
