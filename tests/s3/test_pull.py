"""Whole pulls into a bucket, as a person at the terminal sees them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from archiver.domain.layout import manifest_key
from archiver.sandbox import Sandbox
from archiver.store.base import Item, PutResult
from archiver.store.s3.bucket.bucket_listing import BucketListing
from archiver.store.s3.bucket_store import BucketStore
from tests.conftest import Figure
from tests.pulls import DAY, portal
from tests.s3.faults import Faults
from tests.s3.looking import doubled, versions_of
from tests.s3.machines import Machine
from tests.s3.rush import Rush

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

COUNT = 12
SCREENED = {"ARCHIVER_LOCK": "governance", "ARCHIVER_RETAIN": "6y"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with portal(COUNT) as sandbox:
        yield sandbox


def test_a_bucket_that_was_emptied_or_filled_by_another_is_no_new_archive(
    pulled: Machine, s3: "S3Client", tmp_path: Path, figure: Figure
) -> None:
    memory = (pulled.workdir / "head.json").read_bytes()
    for key, version in versions_of(s3, pulled.bucket):
        s3.delete_object(Bucket=pulled.bucket, Key=key, VersionId=version)
    day = f"{DAY:%Y-%m-%d}"
    words = [("pull", "--day", day), ("pull", "--since", day), ("status",), ("verify",)]
    codes = [pulled.run(*each).code for each in words]
    assert (codes, versions_of(s3, pulled.bucket)) == ([4] * 4, [])
    other = Machine(pulled.sandbox, pulled.guard, pulled.bucket, tmp_path / "other")
    assert other.pull()[0] == 0
    codes += [pulled.run(*each).code for each in words]
    assert codes[4:] == [4, 4, 4, 3]
    assert (pulled.workdir / "head.json").read_bytes() == memory
    figure("G14", f"a bucket emptied, then of another archive: exit 0 of {len(codes)} commands: 0")


def test_a_listing_that_lags_behind_is_no_whole_archive(
    pulled: Machine,
    s3: "S3Client",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
) -> None:
    listed = {key.partition("/")[2] for key, _ in versions_of(s3, pulled.bucket)}
    pulled.sandbox.world.add(count=1, first=DAY, last=DAY, seconds=(1, 2))
    assert pulled.pull()[0] == 0
    auditor = Machine(pulled.sandbox, pulled.guard, pulled.bucket, tmp_path / "auditor")

    def lag(listing: Callable[[BucketListing, str], Iterator[Item]]) -> None:
        def lagging(self: BucketListing, prefix: str) -> Iterator[Item]:
            return (each for each in listing(self, prefix) if each.key in listed)

        monkeypatch.setattr(BucketListing, listing.__name__, lagging)

    lag(BucketListing.versions)
    lag(BucketListing.items)
    words = (
        ("find",),
        ("status",),
        ("report", "-o", str(tmp_path / "page.html")),
        ("copy", "--to", str(tmp_path / "copy")),
        ("export", "-o", str(tmp_path / "export")),
        ("pull", "--day", f"{DAY:%Y-%m-%d}"),
    )
    for by in (auditor, pulled):
        for each in words:
            ran = by.run(*each)
            assert (ran.code, "lags behind" in ran.err) == (4, True), each
        code, report = by.verify()
        assert code == 3
        assert [each["path"] for each in report["unreadable"]] == [manifest_key(3)]
        assert report["chain"] == [], "it was not set back"
    monkeypatch.undo()
    assert auditor.verify()[0] == 0
    figure("S4", f"a listing that lags by a run: exit 0 of {2 * len(words) + 2} commands: 0")


def test_versioning_that_was_turned_on_keeps_two_machines_apart(
    machine: Machine, s3: "S3Client", bucket: str, tmp_path: Path, figure: Figure
) -> None:
    """A server as Ceph 16 refuses the second writer of a name only where it keeps no versions."""
    machine.guard.faults = Faults(create_only="unversioned")
    one, two = (Machine(machine.sandbox, machine.guard, bucket, tmp_path / each) for each in "ab")
    assert (one.pull()[0], two.pull()[0]) == (0, 0)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    claim, between = BucketStore.claim, [two]

    def claimed(store: BucketStore, key: str, data: bytes) -> PutResult:
        if "manifests/" in key and between:
            assert between.pop().pull()[0] == 0
        return claim(store, key, data)

    with mock.patch.object(BucketStore, "claim", claimed):
        code, told, err = one.pull()
    assert code == 0, err
    heads = [str(each) for each in one.heads()]
    assert heads[-1] == f"{told['head']['number']}:{told['head']['sha256']}"
    assert [each.verify()[0] for each in (one, two)] == [0, 0]
    assert doubled(s3, bucket) == 0
    figure("S11", f"versioning turned on later, 2 machines: manifests {len(heads)}, lost 0")


@pytest.mark.usefixtures("wire")
def test_a_pull_into_a_bucket(machine: Machine, figure: Figure) -> None:
    code, told, err = machine.pull()
    assert (code, told["outcomes"]["archived"]) == (0, COUNT), err
    asked = machine.guard.tally.requests["PutObject"]
    read_back = machine.guard.tally.requests["GetObject"]
    assert read_back < COUNT / 2, "the chain's own files, and no sidecar that was just written"
    assert machine.verify()[0] == 0
    read = machine.guard.tally.requests["GetObject"]
    code, whole = machine.verify("--read")
    assert (code, whole["ok"]) == (0, 2 * COUNT + 3)
    of_what_is_remembered = 1
    gets = machine.guard.tally.requests["GetObject"] - read
    assert gets == 2 * COUNT + 3 + of_what_is_remembered
    machine.pull()
    before = machine.guard.tally.requests.copy()
    again, told, _err = machine.pull()
    assert (again, told["outcomes"]["held"]) == (0, COUNT)
    without_news = machine.guard.tally.requests - before
    assert without_news["GetObject"] == 5, "the archive's file, the newest manifests, the new one"
    assert without_news.total() == 26, "as docs/buckets.md says"
    one = next(iter(machine.sandbox.world.recordings)).id
    asked_before = machine.guard.tally.requests["PutObject"]
    found = json.loads(machine.run("find", "--verdict", "verified", "--json").out)
    place = f"s3://{machine.bucket}/portal/{found[0]['audio']['path']}"
    assert machine.run("find", found[0]["id"], "--paths").out == f"{place}\n"
    state = json.loads(machine.run("status", "--json").out)
    assert (len(found), state["held"]["recordings"]) == (COUNT, COUNT)
    assert found[0]["head"] == f"{state['head']['number']}:{state['head']['sha256']}"
    assert machine.guard.tally.requests["PutObject"] == asked_before
    out = machine.home / "one.mp3"
    assert machine.run("get", one, "-o", str(out)).code == 0
    assert out.stat().st_size > 0
    figure("S5", f"{COUNT} into a bucket: {asked} PUTs, {read_back} GETs")


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize(
    "faults", [Faults(), Faults(create_only="late", rush="/")], ids=["kept", "late"]
)
def test_two_machines_at_once(
    faults: Faults, machine: Machine, tmp_path: Path, s3: "S3Client", figure: Figure
) -> None:
    """Where a bucket lets through what comes at once, the first manifests of the two meet."""
    gates = ("/ARCHIVE.json", manifest_key(1))
    machine.guard.faults = faults
    machine.guard.rush = Rush(gates=gates)
    other = Machine(machine.sandbox, machine.guard, machine.bucket, tmp_path / "two")
    words = ("pull", "--day", f"{DAY:%Y-%m-%d}", "--json")
    told = []
    for ran in map(Machine.end, [each.start(*words) for each in (machine, other)]):
        assert ran.code == 0, ran.err
        told.append(json.loads(ran.out))
    archived = [each["outcomes"]["archived"] for each in told]
    held = [each["outcomes"]["held"] for each in told]
    assert [one + two for one, two in zip(archived, held, strict=True)] == [COUNT, COUNT]
    machine.guard.faults = Faults()
    code, report = machine.verify("--read")
    assert code == 0, report
    chain = {str(head) for head in machine.heads()}
    said = {f"{each['head']['number']}:{each['head']['sha256']}" for each in told}
    assert (len(said), said <= chain) == (2, True), "each said a head of its own, in one chain"
    met = [each for each in gates if any(each in path for path in machine.guard.rush.met)]
    assert tuple(met) == (gates if faults.rush else ())
    entries = machine.archived()
    assert len(entries) == len(set(entries)) == COUNT
    twice = doubled(s3, machine.bucket)
    assert twice == len(report["doubled"])
    assert not [each for each in report["doubled"] if "recordings/" not in each["path"]]
    figure(
        "S1",
        f"two machines at once, create-only {faults.create_only}: archived {archived}, held {held}"
        f", both let through {len(met)}, stored twice {twice}, heads said {len(said)}, "
        f"in the chain {len(said & chain)}",
    )


def test_what_is_gone_when_it_is_to_be_locked_is_no_clean_run(
    machine: Machine, locked_bucket: str, s3: "S3Client", figure: Figure
) -> None:
    machine.bucket = locked_bucket
    assert machine.pull(ARCHIVER_LOCK_AFTER="9y", **SCREENED)[0] == 0
    lost, version = next(
        each for each in versions_of(s3, locked_bucket)
        if "recordings/" in each[0] and each[0].endswith(".mp3")
    )  # fmt: skip
    s3.delete_object(Bucket=locked_bucket, Key=lost, VersionId=version)
    code, told, err = machine.pull(ARCHIVER_LOCK_AFTER="30d", **SCREENED)
    assert code == 3, err
    assert not told["clean"]
    assert ["to be locked" in each for each in told["doubts"]] == [True]
    figure("G30", "held, deleted in the bucket, and due to be locked: exit code 3, doubts 1")
