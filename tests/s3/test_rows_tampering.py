"""Whoever may write changes what is in a bucket: verify names it, by the server's word too."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct
from msgspec.structs import replace

from archiver.check.audit import audit
from archiver.check.audit_report import AuditReport, FullRead, ServerHash, SizeOnly
from archiver.check.repairing.chain_repair import mend_chain
from archiver.domain.layout import manifest_key
from archiver.manifest.journal import Journal
from archiver.sandbox import Trouble
from archiver.store.s3.bucket_store import BucketStore
from tests.archives import fill, of_another_portal
from tests.conftest import Figure
from tests.s3 import refusals
from tests.s3.conftest import FEW
from tests.s3.faults import Faults, Troubled
from tests.s3.guard import Guard
from tests.s3.looking import named, put_over, versions_of
from tests.s3.machines import Machine
from tests.s3.stores import bucket_store
from tests.store.memory import MemoryStore

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket
    from mypy_boto3_s3 import S3Client

    from archiver.manifest.records.files import Head

MANIFESTS, EACH = 3, 1
FILES = 2 * MANIFESTS * EACH
DEPTHS = (ServerHash(), FullRead())
Attack = Callable[["S3Client", str], str]
"""Changes something in a bucket and returns the name of what was changed."""


class Filled(Struct):
    """A bucket with an archive of a few recordings, and what a machine remembers of it."""

    bucket: "FakeBucket"
    remembered: str


@pytest.fixture(scope="module")
def filled() -> dict[str, Filled]:
    """Keep one of each kind."""
    return {}


@pytest.fixture(params=["bucket", "versioned_bucket"])
def place(request: pytest.FixtureRequest, filled: dict[str, Filled]) -> str:
    """Return the name of a bucket that keeps versions, and of one without."""
    if request.param in filled:
        return filled[request.param].bucket.name
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def store(  # noqa: PLR0913, PLR0917 - as fixtures are
    request: pytest.FixtureRequest,
    guard: Guard,
    s3: "S3Client",
    place: str,
    filled: dict[str, Filled],
    tmp_path: Path,
) -> BucketStore:
    """Return an archive of a few recordings there: each kind is filled once, and put back."""
    kind = request.node.callspec.params["place"]
    remembered = tmp_path / "workroom" / "bucket.json"
    if kind not in filled:
        fill(bucket_store(s3, f"s3://{place}", tmp_path), MANIFESTS, EACH)
        filled[kind] = Filled(guard.buckets.kept(place), remembered.read_text())
    remembered.parent.mkdir(exist_ok=True)
    remembered.write_text(filled[kind].remembered)
    guard.buckets.put_back(filled[kind].bucket)
    guard.reset()
    return bucket_store(s3, f"s3://{place}", tmp_path)


def paths(report: AuditReport) -> dict[str, set[str]]:
    """Return what is wrong, by kind."""
    kinds = ("missing", "differ", "hidden", "extra", "unreadable", "chain")
    found = {kind: {one.path for one in getattr(report, kind)} for kind in kinds}
    return {kind: names for kind, names in found.items() if names}


def flip_audio(s3: "S3Client", bucket: str) -> str:
    return _flip(s3, bucket, ".mp3")


def flip_sidecar(s3: "S3Client", bucket: str) -> str:
    return _flip(s3, bucket, "_1.")


def flip_manifest(s3: "S3Client", bucket: str) -> str:
    return _flip(s3, bucket, manifest_key(2))


def flip_identity(s3: "S3Client", bucket: str) -> str:
    return _flip(s3, bucket, "ARCHIVE.json")


def _flip(s3: "S3Client", bucket: str, part: str) -> str:
    key = named(s3, bucket, part)
    data = bytearray(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    data[len(data) // 2] ^= 1
    put_over(s3, bucket, key, bytes(data))
    return key


def delete_audio(s3: "S3Client", bucket: str) -> str:
    return _delete(s3, bucket, ".mp3")


def delete_manifest(s3: "S3Client", bucket: str) -> str:
    return _delete(s3, bucket, manifest_key(1))


def _delete(s3: "S3Client", bucket: str, part: str) -> str:
    """Delete for good: every version there is."""
    key = named(s3, bucket, part)
    for each, version in versions_of(s3, bucket):
        if each == key:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
    assert key not in {each for each, _ in versions_of(s3, bucket)}
    return key


def plant(s3: "S3Client", bucket: str) -> str:
    key = "recordings/2019/06/11/20190611-060421_9.000000000000.mp3"
    s3.put_object(Bucket=bucket, Key=key, Body=b"planted")
    return key


def edit_length(s3: "S3Client", bucket: str) -> str:
    key = manifest_key(1)
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    put_over(s3, bucket, key, text.replace(b'"reported_ms":5000', b'"reported_ms":6000', 1))
    return key


def renumber(s3: "S3Client", bucket: str) -> str:
    first, second = manifest_key(1), manifest_key(2)
    texts = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in (first, second)]
    put_over(s3, bucket, first, texts[1])
    put_over(s3, bucket, second, texts[0])
    return first


@pytest.mark.parametrize(
    ("row", "attack", "plain", "versioned"),
    [
        ("T1", flip_audio, "differ", "extra"),
        ("T1", flip_sidecar, "differ", "extra"),
        ("T1", flip_manifest, "chain", "extra"),
        ("T1", flip_identity, "chain", "extra"),
        ("T2", delete_audio, "missing", "missing"),
        ("T2", delete_manifest, "chain", "chain"),
        ("T4", plant, "extra", "extra"),
        ("T5", edit_length, "chain", "extra"),
        ("T6", renumber, "chain", "extra"),
    ],
)
def test_every_change_is_named(  # noqa: PLR0913, PLR0917 - an attack and what must come of it
    row: str,
    attack: Attack,
    plain: str,
    versioned: str,
    store: BucketStore,
    s3: "S3Client",
    place: str,
    figure: Figure,
) -> None:
    keeps_versions = store.memory.capabilities.versioned
    kind = versioned if keeps_versions else plain
    changed = attack(s3, place)
    found = [paths(audit(store, depth=depth)) for depth in DEPTHS]
    assert [changed in each[kind] for each in found] == [True, True], found
    figure(
        row,
        f"{attack.__name__}, versions {keeps_versions}: {kind} at 2 of 2 depths",
    )


def test_forging_everything_in_a_bucket_is_found_with_a_head(
    store: BucketStore, s3: "S3Client", place: str, figure: Figure
) -> None:
    kept = [head for head, _ in Journal(store).manifests()]
    below: Head | None = None
    for head, manifest in [*Journal(store).manifests()]:
        recordings = tuple(one for one in manifest.recordings if one.id != "1")
        forged = replace(manifest, previous=below, recordings=recordings).to_json()
        key = manifest_key(head.number)
        for each, version in versions_of(s3, place):
            if each == key or "_1." in each:
                s3.delete_object(Bucket=place, Key=each, VersionId=version)
        s3.put_object(Bucket=place, Key=key, Body=forged)
        below = Journal(store).head_at(head.number)
    assert audit(store).is_clean
    caught = [not audit(store, head=head).is_clean for head in kept]
    assert all(caught)
    figure("T3", f"a bucket forged to the end: caught by {sum(caught)} of 3 heads; without: missed")


def test_what_verify_asks_of_a_bucket(store: BucketStore, guard: Guard, figure: Figure) -> None:
    documents = MANIFESTS + 1
    asked = {}
    for depth, gets, heads in (
        (SizeOnly(), 0, 0),
        (ServerHash(), 0, FILES),
        (FullRead(), FILES, 0),
    ):
        guard.reset()
        report = audit(store, depth=depth)
        assert (report.is_clean, report.ok) == (True, FILES + documents)
        requests = guard.tally.requests
        of_the_next_manifest = 1
        assert requests["GetObject"] == gets + documents
        assert requests["HeadObject"] == heads + of_the_next_manifest
        assert requests["PutObject"] == requests["DeleteObject"] == 0
        asked[type(depth).__name__] = guard.tally.requests.total()
    figure("T1", f"{FILES} files and {documents} documents untouched: requests {asked}")


def test_rot_behind_a_kept_hash_takes_reading(
    store: BucketStore, guard: Guard, figure: Figure
) -> None:
    """A server that tells the hash of what came in does not tell what it gives out."""
    flipped = Troubled(Trouble.FLIPPED, operations=frozenset({"GetObject"}), part="/recordings/")
    guard.faults = Faults(troubles=(flipped,))
    assert audit(store, depth=ServerHash()).is_clean
    assert len(audit(store, depth=FullRead()).differ) == FILES
    figure(
        "T1", f"given out with a flipped bit {FILES}: by the server's hash 0, by reading {FILES}"
    )


def test_a_bucket_that_cannot_be_asked_is_never_fine(store: BucketStore, guard: Guard) -> None:
    for operation in ("HeadObject", "GetObject", "ListObjectVersions"):
        slow = Troubled(refusals.SLOW_DOWN, operations=frozenset({operation}))
        guard.faults = Faults(troubles=(slow,))
        assert audit(store, depth=ServerHash()).unreadable, operation
    if store.memory.capabilities.versioned:
        return
    unknown = Troubled(refusals.NOT_IMPLEMENTED, operations=frozenset({"ListObjectVersions"}))
    guard.faults = Faults(troubles=(unknown,))
    assert audit(store, depth=ServerHash()).is_clean, "a server without versions lists its objects"


def test_a_marker_over_what_is_held(pulled: Machine, s3: "S3Client", figure: Figure) -> None:
    bucket = pulled.bucket
    lost = [named(s3, bucket, part) for part in (".mp3", "manifests/", "ARCHIVE.json")]
    names = {key.removeprefix("portal/") for key in lost}
    for key in lost:
        s3.delete_object(Bucket=bucket, Key=key)
    code, report = pulled.verify()
    assert (code, report["missing"], report["ok"]) == (3, [], 2 * FEW + 3)
    assert (report["chain"], report["extra"], report["head"]["number"]) == ([], [], 2)
    assert {each["path"] for each in report["hidden"]} == names
    assert "Remove the delete markers: archiver repair." in pulled.run("verify").out
    assert (pulled.pull()[0], pulled.verify()[1]["head"]["number"]) == (0, 3), "it goes on"
    dry = pulled.run("repair", "-n")
    assert (dry.code, dry.out.count("something else lies over it")) == (3, len(lost))
    ran = pulled.run("repair", "--json")
    told = json.loads(ran.out)
    assert (ran.code, {*told["uncovered"]}, told["left"]) == (0, names, []), ran.err
    assert pulled.verify("--read")[0] == 0
    assert told["head"]["number"] == 3, "nothing is entered for what was there all the time"
    figure("S9", f"markers over {len(lost)}: hidden {len(lost)}, missing 0, taken off {len(lost)}")


def test_a_marker_with_nothing_under_it(pulled: Machine, s3: "S3Client", figure: Figure) -> None:
    """A manifest was deleted for good: its number must not be taken by the next one."""
    assert pulled.pull()[0] == 0
    bucket, kept = pulled.bucket, pulled.heads()[-1]
    key = named(s3, bucket, manifest_key(kept.number))
    (version,) = [version for each, version in versions_of(s3, bucket) if each == key]
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
    stranger = replace(pulled, home=pulled.home / "another machine")
    for each in (pulled, stranger):
        code, _told, err = each.pull()
        assert (code, "nothing but a delete marker" in err) == (4, True), "nothing is built there"
        code, report = each.verify()
        told = [one["what"] for one in report["chain"] if one["path"] == manifest_key(kept.number)]
        assert (code, report["hidden"]) == (3, [])
        assert "deleted: there is nothing but a delete marker" in told
    s3.put_object(Bucket=bucket, Key=key, Body=text)
    assert (pulled.pull()[0], pulled.verify()[0], pulled.heads()[-2]) == (0, 0, kept)
    figure("G14", "a marker alone has the number of the newest manifest: exit 0 of a pull 0 of 2")


@pytest.mark.parametrize("place", ["versioned_bucket"], indirect=True)
def test_other_versions_over_anything(
    store: BucketStore, s3: "S3Client", place: str, figure: Figure
) -> None:
    """What verify names to be deleted is just what was put there: nothing archived goes with it."""
    keys = [named(s3, place, part) for part in (".mp3", "_1.", manifest_key(2), manifest_key(3))]
    keys.append("ARCHIVE.json")
    right = {key: s3.head_object(Bucket=place, Key=key)["VersionId"] for key in keys}
    heads = [head for head, _ in Journal(store).manifests()]
    for key in keys:
        put_over(s3, place, key, b"another version")
    foreign = {key: s3.head_object(Bucket=place, Key=key)["VersionId"] for key in keys}
    for depth in (*DEPTHS, SizeOnly()):
        report = audit(store, depth=depth, head=heads[-1])
        assert paths(report) == {"extra": {*keys}}
        assert {each.path: each.version for each in report.extra} == foreign
        assert report.covered == right
        assert (report.ok, report.head) == (FILES + MANIFESTS + 1, heads[-1])
        for each in report.extra:
            says = f"version {foreign[each.path]} is not what was archived: it lies over version"
            assert each.what == f"{says} {right[each.path]}, which is"
    assert [head for head, _ in Journal(store).manifests()] == heads
    for each in report.extra:
        s3.delete_object(Bucket=place, Key=each.path, VersionId=each.version or "")
    assert audit(store, depth=FullRead(), head=heads[-1]).is_clean
    figure("S9", f"other versions over {len(keys)}: told by their versions {len(keys)}, lost 0")


@pytest.mark.parametrize("place", ["versioned_bucket"], indirect=True)
@pytest.mark.parametrize("may_delete", [True, False])
def test_what_lies_over_the_chain_is_taken_off(  # noqa: PLR0913, PLR0917 - as fixtures are
    may_delete: bool,  # noqa: FBT001 - as pytest gives it
    store: BucketStore,
    guard: Guard,
    s3: "S3Client",
    place: str,
    figure: Figure,
) -> None:
    keys = [manifest_key(1), manifest_key(3), "ARCHIVE.json"]
    right = {key: s3.get_object(Bucket=place, Key=key)["Body"].read() for key in keys}
    for key in keys:
        put_over(s3, place, key, b"another version")
    s3.delete_object(Bucket=place, Key=keys[0])
    if not may_delete:
        denied = Troubled(refusals.ACCESS_DENIED, operations=frozenset({"DeleteObject"}))
        guard.faults = Faults(troubles=(denied,))
    mended = mend_chain(store, None, None)
    assert (sorted(mended.uncovered), mended.put_back, mended.left) == (sorted(keys), [], [])
    for key in keys:
        assert s3.get_object(Bucket=place, Key=key)["Body"].read() == right[key]
    report = audit(store)
    assert report.chain == []
    if may_delete:
        assert (report.is_clean, len(report.aside)) == (True, len(keys))
    else:
        assert {each.path for each in report.extra} == {each.path for each in report.doubled}
        assert sorted(each.path for each in report.doubled) == sorted(keys)
        for each in report.extra:
            guard.reset()
            s3.delete_object(Bucket=place, Key=each.path, VersionId=each.version or "")
        assert audit(store, depth=FullRead()).is_clean, (
            "a second version of the same bytes is no fault"
        )
    figure("S9", f"over the chain {len(keys)}, may be deleted {may_delete}: brought up {len(keys)}")


@pytest.mark.parametrize("place", ["locked_bucket"], indirect=True)
def test_what_is_older_and_locked_is_taken_for_it_and_told(
    store: BucketStore, s3: "S3Client", place: str
) -> None:
    """What was put there instead of the newest manifest and ARCHIVE.json can't make way."""
    head, copy = Journal(store).head(), MemoryStore()
    keys = [manifest_key(MANIFESTS), "ARCHIVE.json"]
    for key, version in versions_of(s3, place):
        text = s3.get_object(Bucket=place, Key=key)["Body"].read()
        copy.put(key, text)
        if key in keys:
            s3.delete_object(Bucket=place, Key=key, VersionId=version)
            s3.put_object(
                Bucket=place, Key=key, ChecksumAlgorithm="SHA256",
                Body=of_another_portal(text) if key in keys[1:] else text + b" ",
                ObjectLockMode="GOVERNANCE",
                ObjectLockRetainUntilDate=datetime.now(UTC) + timedelta(days=1),
            )  # fmt: skip
    for put_back in (keys, []):
        mended = mend_chain(store, copy, head)
        assert mended.put_back == put_back
        assert [each.path for each in mended.left] == keys
        assert all("taken for it: have it deleted" in each.what for each in mended.left)
    for key in keys:
        oldest = next(each for each in store.versions(key) if not each.is_marker)
        s3.delete_object(
            Bucket=place, Key=key, VersionId=oldest.version or "", BypassGovernanceRetention=True
        )
    assert mend_chain(store, copy, head).left == []
    assert (Journal(store).head(), audit(store, head=head).chain) == (head, [])


@pytest.mark.parametrize("place", ["versioned_bucket"], indirect=True)
def test_the_manifest_above_says_which_version_is_right(
    store: BucketStore, s3: "S3Client", place: str, figure: Figure
) -> None:
    """As in an archive that an earlier archiver wrote, who took the newest for the manifest."""
    (first, second, third) = [head for head, _ in Journal(store).manifests()]
    key, other = manifest_key(2), manifest_key(9)
    text = s3.get_object(Bucket=place, Key=key)["Body"].read()
    for each, version in versions_of(s3, place):
        if each == key:
            s3.delete_object(Bucket=place, Key=key, VersionId=version)
    for body in (text.replace(b'"host"', b'"tsoh"'), text, text.replace(b"0.1.0", b"0.1.1")):
        s3.put_object(Bucket=place, Key=key, Body=body)
    journal = Journal(store)
    assert [head for head, _ in journal.manifests()] == [first, second, third]
    assert (journal.head(), journal.head_at(2), journal.head_at(9)) == (third, second, None)
    assert not list(store.versions(other))
    wheres = [each.what.partition("it lies ")[2].split()[0] for each in audit(store).extra]
    assert wheres == ["under", "over"]
    figure("S9", "a manifest between two others of its name: the one above tells which 1 of 1")


@pytest.mark.parametrize("place", ["versioned_bucket"], indirect=True)
def test_a_second_version_with_the_same_bytes_is_a_remark(
    store: BucketStore, s3: "S3Client", place: str, figure: Figure
) -> None:
    """As where two machines fetched the same at the same moment."""
    keys = [named(s3, place, part) for part in (".mp3", manifest_key(2), "ARCHIVE.json")]
    second = {}
    for key in keys:
        body = s3.get_object(Bucket=place, Key=key)["Body"].read()
        second[key] = s3.put_object(Bucket=place, Key=key, Body=body)["VersionId"]
    for depth in (*DEPTHS, SizeOnly()):
        report = audit(store, depth=depth)
        assert (report.is_clean, report.ok) == (True, FILES + MANIFESTS + 1)
        assert {each.path: each.version for each in report.doubled} == second
        assert report.covered == {}
    mended = mend_chain(store, None, None)
    assert (mended.uncovered, mended.put_back, mended.left) == ([], [], [])
    figure("S9", f"the same bytes twice under {len(keys)} names: remarks {len(keys)}, faults 0")
