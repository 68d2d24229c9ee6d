"""Erased from a bucket: no version and no marker is left; what is locked stays, with its date."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from archiver.app.opening import context as configuration
from archiver.app.opening.archive.stores import open_store
from archiver.domain.outcomes import Outcome
from archiver.manifest.records.files import CallFile
from archiver.pull.ledger.ledger import Ledger
from tests.conftest import Figure
from tests.s3.conftest import FEW
from tests.s3.looking import unlisted, versions_of
from tests.s3.machines import Machine
from tests.s3.test_copy import LOCKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WHY = ("--reason", "asked for by the customer", "--yes")
CALLS = {"ARCHIVER_CALLS": "yes"}


def erase(machine: Machine, *words: str, **environ: str) -> tuple[int, dict[str, Any]]:
    why = () if "--finish" in words else WHY
    ran = machine.run("erase", *words, *why, "--json", **environ)
    return ran.code, json.loads(ran.out)


def left(s3: "S3Client", bucket: str, recording: str) -> int:
    """Return how many versions and markers a bucket has of a recording."""
    told: dict[str, Any] = dict(s3.list_object_versions(Bucket=bucket))
    every = (*told.get("Versions", ()), *told.get("DeleteMarkers", ()))
    return sum(recording in each["Key"] for each in every)


def spread(s3: "S3Client", bucket: str, recording: str) -> None:
    """Put a marker and a version over each file of a recording."""
    for key, _ in [each for each in versions_of(s3, bucket) if recording in each[0]]:
        s3.delete_object(Bucket=bucket, Key=key)
        s3.put_object(Bucket=bucket, Key=key, Body=b"something else")


@pytest.mark.parametrize("kind", ["unversioned", "pulled"])
def test_every_version_and_marker_goes(
    kind: str, s3: "S3Client", request: pytest.FixtureRequest, figure: Figure
) -> None:
    machine: Machine = request.getfixturevalue(kind)
    recording = machine.archived()[0]
    if kind == "pulled":
        spread(s3, machine.bucket, recording)
    before = left(s3, machine.bucket, recording)
    code, told = erase(machine, recording)
    assert (code, told["removed"], left(s3, machine.bucket, recording)) == (0, before, 0), told
    assert machine.verify()[0] == 0
    code, pulled, err = machine.pull()
    assert (code, pulled["outcomes"]["erased"], pulled["outcomes"]["held"]) == (0, 1, FEW - 1), err
    assert pulled["accounted"]
    assert (left(s3, machine.bucket, recording), machine.verify()[0]) == (0, 0)
    figure("P2", f"{kind}: {before} versions and markers gone, fetched again 0, verify 0")


@pytest.mark.parametrize("is_seen", [True, False])
def test_where_versioning_was_turned_on_no_marker_is_left(
    unversioned: Machine, s3: "S3Client", *, is_seen: bool
) -> None:
    """By a manifest's PUT the machine sees it; what it deletes before tells it as well."""
    recording = unversioned.archived()[0]
    enabled: Any = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=unversioned.bucket, VersioningConfiguration=enabled)
    if is_seen:
        code, told = erase(unversioned, recording)
        assert code == 0, told
    else:
        store = open_store(configuration.load(configuration.USUAL, unversioned.environment()))
        for key, _ in versions_of(s3, unversioned.bucket):
            if recording in key:
                store.clearing.remove_versions(key.removeprefix("portal/"))
    assert left(s3, unversioned.bucket, recording) == 0
    assert json.loads((unversioned.workdir / "bucket.json").read_bytes())["versioned"]


@pytest.mark.parametrize("mode", ["governance", "compliance"])
def test_what_is_locked_stays_with_its_date(
    mode: str, machine: Machine, locked_bucket: str, s3: "S3Client", figure: Figure
) -> None:
    machine.bucket = locked_bucket
    locking = {**LOCKING, "ARCHIVER_LOCK": mode}
    machine.pull("--confirm-compliance", **locking)
    recording = machine.archived()[0]
    before = left(s3, locked_bucket, recording)
    for parts in (("no such name",), (recording,)):
        with unlisted(*parts):
            code, told = erase(machine, recording, **locking)
        assert (code, told["refused"], told["removed"]) == (3, True, 0)
        assert told["until"].startswith("2051"), told
    assert (left(s3, locked_bucket, recording), machine.verify()[0]) == (before, 0)
    code, pulled, _ = machine.pull(**locking)
    assert (code, pulled["outcomes"]["held"]) == (0, FEW)
    figure("P3", f"{mode}: removed 0 of {before}, refused until {told['until']}, in the chain")


def test_a_legal_hold_alone_binds(lockable: Machine, s3: "S3Client", figure: Figure) -> None:
    recording = lockable.archived()[0]
    (one, *_) = [each for each in versions_of(s3, lockable.bucket) if recording in each[0]]
    where: Any = {"Bucket": lockable.bucket, "Key": one[0], "VersionId": one[1]}
    s3.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
    code, told = erase(lockable, recording)
    assert (code, told["legal_hold"], told["until"]) == (3, True, None)
    s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})
    code, told = erase(lockable, recording)
    assert (code, left(s3, lockable.bucket, recording), lockable.verify()[0]) == (0, 0, 0)
    figure("P3", "a legal hold of the bucket: removed 0; released: all gone")


def test_erased_from_a_folder_it_is_never_fetched_again(machine: Machine, figure: Figure) -> None:
    folder = machine.home / "archive"
    where = ("-a", str(folder))
    machine.pull(*where, **CALLS)
    recording = next(folder.glob("recordings/**/*.mp3")).name.split("_")[1].split(".")[0]
    number = json.loads(machine.run("find", recording, "--json", *where).out)[0]["caller"]
    code, told = erase(machine, recording, *where)
    assert (code, told["erased"], told["call_rows"]) == (0, 1, 1)
    code, pulled, err = machine.pull(*where, **CALLS)
    assert (pulled["outcomes"]["erased"], pulled["outcomes"]["archived"]) == (1, 0), err
    assert pulled["calls"]["new"] == 0
    assert machine.verify(*where)[0] == 0
    texts = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert sum(number.encode() in text for text in texts) == 0
    assert sum(number[::-1].encode() in text for text in texts) == 0
    figure("P2", f"a number of who was erased: in 0 of {len(texts)} files, the catalog among them")


def test_what_was_erased_is_reached_by_no_version(
    pulled: Machine, s3: "S3Client", figure: Figure
) -> None:
    recording = pulled.archived()[0]
    spread(s3, pulled.bucket, recording)
    named = [each for each in versions_of(s3, pulled.bucket) if recording in each[0]]
    erase(pulled, recording)
    reached = 0
    for key, version in named:
        where: Any = {"Bucket": pulled.bucket, "Key": key, "VersionId": version}
        with pytest.raises(ClientError) as refused:
            reached += bool(s3.get_object(**where))
        assert refused.value.response["Error"]["Code"] in {"NoSuchVersion", "NoSuchKey"}
    figure("P2", f"{len(named)} versions of the erased, asked for by their ids: {reached} reached")


def test_what_another_machine_stores_meanwhile_is_not_entered(
    machine: Machine, s3: "S3Client", tmp_path: Path, figure: Figure
) -> None:
    other = replace(machine, home=tmp_path / "other")
    write, erased = Ledger.end, list[str]()

    def end(ledger: Ledger, *, interrupted: bool) -> object:
        if not erased:  # all is stored by now, and nothing is entered
            erased.append("")
            other.pull()
            erased[0] = other.archived()[0]
            assert erase(other, erased[0])[0] == 0
        return write(ledger, interrupted=interrupted)

    with mock.patch.object(Ledger, "end", end):
        code, told, err = machine.pull()
    assert (code, told["outcomes"]["failed"], told["outcomes"]["archived"]) == (3, 1, 0), err
    (entry,) = [
        entry
        for entry in machine.entries()
        if entry.id == erased[0] and entry.outcome is Outcome.FAILED
    ]
    assert (entry.audio, entry.sidecar, "erased while" in entry.reasons[0]) == (None, None, True)
    assert (left(s3, machine.bucket, erased[0]), machine.verify()[0]) == (0, 0)
    code, told, err = machine.pull()
    assert (code, told["outcomes"]["erased"]) == (0, 1), err
    figure("P2", "stored by a second machine while it was erased: entered 0, left 0, said")


def test_rows_that_another_machine_stores_meanwhile_are_not_entered(
    machine: Machine, tmp_path: Path, figure: Figure
) -> None:
    other = replace(machine, home=tmp_path / "other")
    enter, erased = Ledger.enter_calls, list[str]()

    def entered(ledger: Ledger, file: CallFile) -> None:
        if not erased:  # the file is stored by now, and nothing is entered
            erased.append("")
            other.pull(**CALLS)
            erased[0] = other.archived()[0]
            assert erase(other, erased[0])[1]["call_rows"] == 1
        enter(ledger, file)

    with mock.patch.object(Ledger, "enter_calls", entered):
        code, told, err = machine.pull(**CALLS)
    assert (code, len(told["doubts"])) == (3, 1), err
    assert "rows of calls were erased" in told["doubts"][0]
    assert erase(machine, "--finish")[0] == 0
    assert machine.verify()[0] == 0
    code, told, err = machine.pull(**CALLS)
    assert (code, told["outcomes"]["erased"], told["calls"]["new"]) == (0, 1, 0), err
    figure(
        "P2", "rows stored by a second machine while they were erased: entered 0, said, verify 0"
    )
