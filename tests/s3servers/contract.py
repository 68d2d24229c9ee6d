"""The store's own contract, races, and a whole pull, in every kind of bucket of every server.

Like ``checks`` it has to be named: ``make test`` holds the stand-in of ``tests/s3`` to the same.
"""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from archiver.check.audit import audit
from archiver.check.audit_report import FullRead, ServerHash, SizeOnly
from archiver.errors import ExitCode
from archiver.manifest.journal import Journal
from archiver.store.base import Store
from archiver.store.content import hash_of
from tests.archives import fill, manifest_of
from tests.campaigns.races import race
from tests.cli.desk import Desk
from tests.export.exports import checked, unpacked
from tests.pulls import DAY, portal
from tests.s3.stores import bucket_store
from tests.s3servers.archive import doubled, settings, versions
from tests.s3servers.server import Endpoint
from tests.store.test_contract import *  # noqa: F403 - its tests, over the store below

COUNT = 24
PAIR = 2
"""Audio and its sidecar."""
WRITERS, CONTESTS = 4, 40
MANIFESTS, FILES = 3, 12
PARTS = ("/manifests/00000001", "/manifests/00000003", "/ARCHIVE.json", ".mp3")
"""Parts of the keys of what something is put over: a marker, both, other versions."""


@pytest.fixture(params=["plain", "versioned", "locked"])
def bucket(request: pytest.FixtureRequest, endpoint: Endpoint) -> str:
    """Return an empty bucket of each kind."""
    kind = request.param
    return endpoint.bucket(versioned=kind == "versioned", locked=kind == "locked")


@pytest.fixture  # type: ignore[no-redef]  # in place of the contract's own
def store(endpoint: Endpoint, bucket: str, tmp_path: Path) -> Store:
    """Return an archive in a bucket of a real server."""
    return bucket_store(endpoint.client(), f"s3://{bucket}/a/b", tmp_path)


@pytest.fixture
def environ(
    endpoint: Endpoint, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Return the settings of an archive in the bucket, and of nothing else on this machine."""
    for name, value in endpoint.account().items():
        monkeypatch.setenv(name, value)
    return settings(endpoint, bucket, tmp_path)


def test_a_whole_pull(environ: dict[str, str], tmp_path: Path) -> None:
    with portal(COUNT) as sandbox:
        desk = Desk(sandbox, tmp_path, {**environ, "ARCHIVER_ENDPOINT": sandbox.endpoint})
        assert _outcomes(desk, "archived") == COUNT
        for words in (["verify"], ["verify", "--read"]):
            verified = desk.run(*words, "--json")
            # A pair each, the archive's own file, the manifest that names the window before
            # anything is listed, that of the run, and the day's calls.
            assert (verified.code, json.loads(verified.out)["ok"]) == (0, 2 * COUNT + 4)
        assert _outcomes(desk, "held") == COUNT
        first = next(iter(sandbox.world.recordings)).id
        assert desk.run("get", first, "-o", str(tmp_path / "one.mp3")).code == 0
        assert (tmp_path / "one.mp3").stat().st_size > 0
        assert desk.leaks() == []


def test_what_is_archived_is_found_seen_and_handed_over_without_the_portal(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with portal(COUNT, wrong=1) as sandbox:
        desk = Desk(sandbox, tmp_path, {**environ, "ARCHIVER_ENDPOINT": sandbox.endpoint})
        assert desk.run("pull", "--day", f"{DAY:%Y-%m-%d}").code == ExitCode.FINDINGS
        asked = sandbox.counts["recordings"]
        told = json.loads(desk.run("status", "--json").out)
        assert told["findings"]["open"] == 1
        rows = json.loads(desk.run("find", "--json").out)
        assert [len(rows), sum(row["verdict"] == "duration_mismatch" for row in rows)] == [COUNT, 1]
        days = json.loads(desk.run("reconcile", "--day", f"{DAY:%Y-%m-%d}", "--json").out)["days"]
        assert [day["day"] for day in days] == [f"{DAY:%Y-%m-%d}"]
        page = tmp_path / "page.html"
        assert desk.run("report", "--verify", "-o", str(page)).code == ExitCode.FINDINGS
        assert page.stat().st_size > 0
        for name, words in {"folder": (), "one.zip": ("--zip",), "bag": ("--bag",)}.items():
            place = tmp_path / name
            ran = desk.run("export", "-o", str(place), *words)
            assert (ran.code, "1 quarantined" in ran.err) == (ExitCode.FINDINGS, True), ran.err
            assert checked(unpacked(place))[0] == 0
        assert sandbox.counts["recordings"] == asked, "the portal was not asked"
        assert desk.leaks() == []


def test_what_is_erased_is_gone_in_every_version(
    endpoint: Endpoint, bucket: str, environ: dict[str, str], tmp_path: Path
) -> None:
    client = endpoint.client()
    with portal(COUNT) as sandbox:
        desk = Desk(sandbox, tmp_path, {**environ, "ARCHIVER_ENDPOINT": sandbox.endpoint})
        assert _outcomes(desk, "archived") == COUNT
        gone = next(iter(sandbox.world.recordings)).id
        theirs = [each for each in versions(client, bucket) if gone in each.key]
        assert len(theirs) == PAIR
        client.delete_object(Bucket=bucket, Key=theirs[0].key)
        erased = desk.run("erase", gone, "--reason", "they asked for it", "--yes")
        assert (erased.code, "0 left" in erased.err) == (0, True), erased.err
        assert [each for each in versions(client, bucket) if gone in each.key] == []
        for each in theirs:
            how = {} if each.id == "null" else {"VersionId": each.id}
            with pytest.raises(ClientError, match=r"NoSuch|404"):
                client.get_object(Bucket=bucket, Key=each.key, **how)
        assert _outcomes(desk, "held") == COUNT - 1
        assert desk.run("verify", "--read").code == 0


def test_an_archive_is_copied_to_a_folder_and_back(
    endpoint: Endpoint, environ: dict[str, str], tmp_path: Path
) -> None:
    with portal(COUNT) as sandbox:
        desk = Desk(sandbox, tmp_path, {**environ, "ARCHIVER_ENDPOINT": sandbox.endpoint})
        assert _outcomes(desk, "archived") == COUNT
        places = (str(tmp_path / "copy"), f"s3://{endpoint.bucket(versioned=True)}/portal")
        before = environ["ARCHIVER_ARCHIVE"]
        heads = {_head(desk, before)}
        for place in places:
            assert desk.run("copy", "-a", before, "--to", place).code == 0
            heads.add(_head(desk, place))
            before = place
        assert len(heads) == 1, heads


def test_writers_that_race_make_one_chain(endpoint: Endpoint, bucket: str, tmp_path: Path) -> None:
    stores = [
        bucket_store(endpoint.client(), f"s3://{bucket}/portal", tmp_path / str(number))
        for number in range(WRITERS)
    ]
    assert all(each.memory.capabilities.takes_many_writers for each in stores)
    races = race(stores, CONTESTS)
    assert races.broken(stores[0]) == []
    assert doubled(versions(endpoint.client(), bucket)) == 0
    assert audit(stores[0]).is_clean


def test_a_copy_in_another_bucket_is_whole(
    endpoint: Endpoint, bucket: str, store: Store, tmp_path: Path
) -> None:
    heads = fill(store)
    client, other = endpoint.client(), endpoint.bucket(versioned=True)
    for each in versions(client, bucket):
        body = client.get_object(Bucket=bucket, Key=each.key)["Body"].read()
        client.put_object(Bucket=other, Key=each.key, Body=body)
    copy = bucket_store(endpoint.client(), f"s3://{other}/a/b", tmp_path / "copy")
    has_versions = any(each.id != "null" for each in versions(client, bucket))
    for depth in (FullRead(), ServerHash(), SizeOnly()):
        report = audit(copy, depth=depth, head=heads[-1])
        assert (report.is_clean, report.elsewhere) == (True, FILES * has_versions)
    journal = Journal(copy)
    head = journal.append(manifest_of(journal.archive().archive, []))
    assert audit(copy, head=head).is_clean


def test_what_lies_over_an_archive_is_told_and_taken_off(
    endpoint: Endpoint, bucket: str, store: Store
) -> None:
    fill(store)
    client, there = endpoint.client(), versions(endpoint.client(), bucket)
    if there[0].id == "null":
        return  # A bucket without versions has nothing under what it has.
    keys = [next(each.key for each in there if part in each.key) for part in PARTS]
    for key in keys[1:]:
        client.put_object(Bucket=bucket, Key=key, Body=b"another version")
    for key in keys[:2]:
        client.delete_object(Bucket=bucket, Key=key)
    report = audit(store)
    names = {key.removeprefix("a/b/") for key in keys}
    assert {*report.covered} == names
    assert {each.path for each in report.hidden} == {key.removeprefix("a/b/") for key in keys[:2]}
    assert {each.path for each in report.extra} == {key.removeprefix("a/b/") for key in keys[1:]}
    assert (report.missing, report.differ, report.chain) == ([], [], [])
    assert len([*Journal(store).manifests()]) == MANIFESTS
    for path, version in report.covered.items():
        store.clearing.uncover(path, version, hash_of(store, path, version=version))
    assert audit(store).is_clean


def _head(desk: Desk, archive: str) -> str:
    """Verify an archive to the last byte and return its head."""
    verified = desk.run("verify", "--read", "-a", archive, "--json")
    assert verified.code == 0, verified.out
    head = json.loads(verified.out)["head"]
    return f"{head['number']}:{head['sha256']}"


def _outcomes(desk: Desk, outcome: str) -> int:
    """Pull the day again and return how many recordings came to this."""
    pulled = desk.run("pull", "--day", f"{DAY:%Y-%m-%d}", "--json")
    assert pulled.code == 0, pulled.err
    return int(json.loads(pulled.out)["outcomes"][outcome])
