"""A second copy in a bucket, and back: the same archive, locked as a pull would lock it."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from archiver.errors import ExitCode
from archiver.sandbox import Sandbox
from archiver.sandbox.media.presigned import Denial
from archiver.sandbox.wire import Request, Response
from tests.conftest import Figure
from tests.copy.copies import content
from tests.s3.buckets import Buckets
from tests.s3.conftest import FEW
from tests.s3.faults import Faults, Troubled
from tests.s3.guard import Guard
from tests.s3.looking import listening, named, versions_of
from tests.s3.machines import Machine
from tests.s3.refusals import ACCESS_DENIED, COLD
from tests.s3.test_rows_default import locks

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LOCKING = {
    "ARCHIVER_LOCK": "governance", "ARCHIVER_RETAIN": "30y", "ARCHIVER_MAX_RETAIN": "30y",
}  # fmt: skip
COMPLIANCE = {**LOCKING, "ARCHIVER_LOCK": "compliance"}


def copy(machine: Machine, source: object, to: object, *words: str, **environ: str) -> Any:  # noqa: ANN401 - what JSON has
    """Copy; return the exit code, what ``--json`` printed, and the rest."""
    ran = machine.run("copy", "-a", str(source), "--to", str(to), "--json", *words, **environ)
    return ran.code, json.loads(ran.out) if ran.out else {}, ran.err


def verified(machine: Machine, archive: object) -> tuple[int, Any]:
    ran = machine.run("verify", "--read", "--json", "-a", str(archive))
    return ran.code, json.loads(ran.out)["head"]


def address(bucket: str) -> str:
    return f"s3://{bucket}/copy"


@pytest.fixture
def folder(machine: Machine) -> Path:
    """Return a folder with an archive of the portal's day."""
    path = machine.home / "archive"
    assert machine.pull("-a", str(path))[0] == 0
    return path


@pytest.mark.parametrize("kind", ["bucket", "second_bucket", "locked_bucket"])
def test_from_a_folder_to_a_bucket_and_back(
    kind: str, machine: Machine, folder: Path, request: pytest.FixtureRequest, figure: Figure
) -> None:
    to = address(request.getfixturevalue(kind))
    environ = LOCKING if kind == "locked_bucket" else {}
    code, told, err = copy(machine, folder, to, **environ)
    assert (code, told["files"]["copied"], told["left"]) == (0, 2 * FEW, []), err
    assert verified(machine, folder) == verified(machine, to) == (0, told["head"])
    code, told, err = copy(machine, folder, to, **environ)
    assert (code, told["files"], told["manifests"]) == (
        0, {"copied": 0, "mended": 0, "compared": 2 * FEW, "sized": 0}, 0,
    ), err  # fmt: skip
    before = content(folder)
    shutil.rmtree(folder)
    code, told, err = copy(machine, to, folder)
    assert (code, content(folder)) == (0, before), err
    assert verified(machine, folder) == (0, told["head"])
    code, told, err = machine.pull("-a", str(folder))
    assert (code, told["outcomes"]["held"]) == (0, FEW), err
    figure(
        "S9", f"folder to {kind} and back: {len(before)} files, 0 differ, one head, pull goes on"
    )


def test_between_buckets_by_the_hash_and_not_by_what_lies_over_it(
    pulled: Machine, second_bucket: str, s3: "S3Client", figure: Figure
) -> None:
    source, to = f"s3://{pulled.bucket}/portal", address(second_bucket)
    s3.put_object(Bucket=pulled.bucket, Key=named(s3, pulled.bucket, ".mp3"), Body=b"others")
    code, told, err = copy(pulled, source, to)
    assert (code, told["files"]["copied"]) == (0, 2 * FEW), err
    assert verified(pulled, to) == (0, told["head"])
    key = named(s3, second_bucket, ".mp3")
    s3.put_object(Bucket=second_bucket, Key=key, Body=b"others")
    code, told, err = copy(pulled, source, to)
    assert (code, [each["path"] for each in told["left"]]) == (3, [key.removeprefix("copy/")]), err
    s3.delete_object(Bucket=second_bucket, Key=key)
    assert copy(pulled, source, to)[0] == 3, "the other bytes are there still, under the right"
    figure("S9", "copy between buckets: other bytes over 1 file each, copied as good 0")


@pytest.mark.parametrize("denial", [ACCESS_DENIED, COLD], ids=["denied", "cold"])
def test_an_object_that_cannot_be_read_is_named_and_the_rest_goes_on(
    denial: Denial, pulled: Machine, s3: "S3Client", figure: Figure
) -> None:
    source, to = f"s3://{pulled.bucket}/portal", pulled.home / "copy"
    key = named(s3, pulled.bucket, ".mp3")
    bad = Troubled(denial, operations=frozenset({"GetObject"}), part=key)
    pulled.guard.faults = Faults(troubles=(bad,))
    code, told, err = copy(pulled, source, to)
    path = key.removeprefix("portal/")
    assert (code, told["files"]["copied"]) == (3, 2 * FEW - 1), err
    assert told["left"] == [{"path": path, "what": "unreadable in the source"}]
    ran = pulled.run("export", "-o", str(pulled.home / "out"), "--json")
    assert (ran.code, json.loads(ran.out)["left_out"]) == (3, {"unreadable": 1}), ran.err
    pulled.guard.faults = Faults()
    code, told, err = copy(pulled, source, to)
    assert (code, told["left"], told["copy_head"]) == (0, [], told["head"]), err
    figure("S9", f"{denial.code} for 1 of {2 * FEW} objects: it is named, all others are copied")


def test_a_file_under_a_delete_marker_is_given_to_plain_readers_again(
    machine: Machine, folder: Path, second_bucket: str, s3: "S3Client"
) -> None:
    to = address(second_bucket)
    assert copy(machine, folder, to)[0] == 0
    key = named(s3, second_bucket, ".mp3")
    s3.delete_object(Bucket=second_bucket, Key=key)
    code, told, err = copy(machine, folder, to)
    assert (code, told["files"]["copied"]) == (0, 1), err
    assert s3.head_object(Bucket=second_bucket, Key=key)["ContentLength"]
    assert verified(machine, to)[0] == 0


def test_since_asks_of_older_files_nothing_but_the_listing(
    machine: Machine, folder: Path, second_bucket: str, guard: Guard
) -> None:
    to = address(second_bucket)
    assert copy(machine, folder, to)[0] == 0
    with listening(guard) as heard:
        code, told, err = copy(machine, folder, to, "--since", "2100-01-01")
    assert (code, told["files"]["sized"]) == (0, 2 * FEW), err
    assert [each.path for each in heard if "/recordings/" in each.path] == []


def test_it_locks_as_a_pull_does(
    machine: Machine, folder: Path, locked_bucket: str, s3: "S3Client", figure: Figure
) -> None:
    to = address(locked_bucket)
    code, _told, err = copy(machine, folder, to, **LOCKING)
    assert code == 0, err
    kept = locks(s3, locked_bucket, "/recordings/")
    assert len(kept) == 2 * FEW
    day = datetime(2051, 4, 6, tzinfo=UTC).date()
    assert {(mode, until.date()) for mode, until in kept.values()} == {("GOVERNANCE", day)}
    assert len(locks(s3, locked_bucket, "/manifests/")) > 0
    figure("S8", f"copy: locked from the call {len(kept)} of {2 * FEW}")


@pytest.mark.parametrize("words", [(), ("--since", "2100-01-01")])
def test_what_waits_to_be_screened_is_locked_by_a_later_copy(
    words: tuple[str, ...],
    machine: Machine,
    folder: Path,
    locked_bucket: str,
    s3: "S3Client",
) -> None:
    to = address(locked_bucket)
    waiting = {**LOCKING, "ARCHIVER_LOCK_AFTER": "30y"}
    assert copy(machine, folder, to, **waiting)[0] == 0
    keys = [key for key, _ in versions_of(s3, locked_bucket) if "/recordings/" in key]
    assert not any("ObjectLockMode" in _head(s3, locked_bucket, key) for key in keys)
    code, told, err = copy(machine, folder, to, *words, **{**waiting, "ARCHIVER_LOCK_AFTER": "1d"})
    assert (code, told["files"]["sized"]) == (0, 2 * FEW if words else 0), err
    assert all("ObjectLockMode" in _head(s3, locked_bucket, key) for key in keys)


def _head(s3: "S3Client", bucket: str, key: str) -> dict[str, Any]:
    return dict(s3.head_object(Bucket=bucket, Key=key))


def test_locks_for_good_must_be_meant(
    machine: Machine, folder: Path, locked_bucket: str, s3: "S3Client", tmp_path: Path
) -> None:
    to = address(locked_bucket)
    ran = machine.run("copy", "-a", str(folder), "--to", to, **COMPLIANCE)
    assert (ran.code, "archiver copy --confirm-compliance" in ran.err) == (2, True), ran.err
    assert versions_of(s3, locked_bucket) == []
    code, _told, err = copy(machine, folder, to, "--confirm-compliance", **COMPLIANCE)
    assert code == 0, err
    code, _told, err = copy(machine, to, tmp_path / "back", **COMPLIANCE)
    assert (code, "Nothing is locked in the copy" in err) == (0, True), err


def test_a_bucket_that_may_not_be_written_stops_it(
    machine: Machine, folder: Path, second_bucket: str
) -> None:
    machine.guard.faults = Faults(refused=(("", ACCESS_DENIED),))
    code, _told, _err = copy(machine, folder, address(second_bucket))
    assert code == ExitCode.STOPPED
    machine.guard.faults = Faults()
    assert copy(machine, folder, address(second_bucket))[0] == 0


def test_another_account_of_the_same_place_is_refused(
    machine: Machine, folder: Path, sandbox: Sandbox, second_bucket: str
) -> None:
    assert sandbox.endpoint
    to = address(second_bucket)
    assert copy(machine, folder, to)[0] == 0
    other = machine.home / "other"
    assert machine.pull("-a", str(other))[0] == 0
    code, _told, err = copy(machine, other, to)
    assert (code, "Another archive is there" in err) == (2, True), err
    assert verified(machine, to) == verified(machine, folder)


def test_a_bucket_is_no_copy_of_itself_by_an_alias(
    machine: Machine, second_bucket: str, s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    alias, do, is_free = "calls-ap-s3alias", Buckets.do, Buckets.is_free

    def meant(request: Request) -> Request:
        return replace(request, path=request.path.replace(f"/{alias}", f"/{machine.bucket}", 1))

    def doing(buckets: Buckets, what: str, request: Request, *more: Any) -> Response:  # noqa: ANN401 - as they came
        return do(buckets, what, meant(request), *more)

    monkeypatch.setattr(Buckets, "do", doing)
    monkeypatch.setattr(Buckets, "is_free", lambda buckets, asked: is_free(buckets, meant(asked)))
    assert machine.pull()[0] == 0
    source, before = f"s3://{machine.bucket}/portal", versions_of(s3, machine.bucket)
    code, _told, err = copy(machine, source, f"s3://{alias}/portal")
    assert (code, "must be two places" in err) == (2, True), err
    assert versions_of(s3, machine.bucket) == before
    for bucket in (machine.bucket, second_bucket):
        told = s3.list_objects_v2(Bucket=bucket)
        assert not [each for each in told.get("Contents", ()) if "/shown-" in each["Key"]]
    assert copy(machine, source, address(second_bucket))[0] == 0
