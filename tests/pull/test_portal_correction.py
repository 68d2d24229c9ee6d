"""A mistyped endpoint binds no archive; one that anything came from binds it for good."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.errors import ExitCode, UsageError
from archiver.manifest.archive import ArchiveFile
from archiver.manifest.builder import Statement
from archiver.manifest.journal import Journal
from archiver.manifest.model import FindingCounts, ManifestKind
from archiver.manifest.records.decisions import Decision
from archiver.sandbox import Encoding, Sandbox, World
from archiver.store.local import LocalStore
from tests.archives import PORTAL, fill
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
from tests.patience import impatient
from tests.store.memory import MemoryStore

DAY = datetime(2021, 4, 6, tzinfo=UTC)
SINCE = ("pull", "--since", "2021-04-06", "--until", "2021-04-06")
OTHER = "https://other.example/api/v2/"
NOBODY = "http://127.0.0.1:9/api/v2/"
"""Where nobody listens: what was typed is wrong."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(seed=9)
    last = DAY + timedelta(hours=9)
    world.add(count=3, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(3,))
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})


def mistyped(desk: Desk, *words: str) -> int:
    desk.environ["ARCHIVER_ENDPOINT"] = NOBODY
    with impatient(tries=1):
        code = desk.run(*words).code
    del desk.environ["ARCHIVER_ENDPOINT"]
    return code


@pytest.mark.parametrize("first", [SINCE, ("pull", "--since", "2021-04-06")])
def test_a_mistyped_endpoint_binds_nothing(
    desk: Desk, tmp_path: Path, first: tuple[str, ...], figure: Figure
) -> None:
    """Also where the start is in the chain already, which stays; it is told, and once."""
    assert mistyped(desk, *first) == ExitCode.STOPPED
    assert "ok       archive" in desk.run("doctor").out
    said = f"Nothing has come from {NOBODY}: the archive is of {desk.sandbox.endpoint}"
    ran = [desk.run(*SINCE), desk.run(*SINCE)]
    assert [each.code for each in ran] == [0, 0]
    assert [said in each.err for each in ran] == [True, False]
    journal = Journal(LocalStore(tmp_path / "archive"))
    named = [each for _, each in journal.manifests() if each.since or each.portal]
    assert [each.portal for each in named if each.portal] == [desk.sandbox.endpoint]
    assert len([each for each in named if each.since]) == (first is not SINCE)
    assert desk.run("verify").code == 0
    assert mistyped(desk, *SINCE) == ExitCode.USAGE, "the former endpoint is another's now"
    figure("R18", f"{' '.join(first[:2])} at a wrong endpoint, then the right one: exit 0, told")


def test_what_anything_came_from_can_not_be_corrected(desk: Desk, tmp_path: Path) -> None:
    assert desk.run(*SINCE).code == 0
    before = sorted(tmp_path.joinpath("archive").rglob("*"))
    desk.environ["ARCHIVER_ENDPOINT"] = OTHER
    for words in (SINCE, ("pull",), ("pull", "--since", "4d")):
        ran = desk.run(*words)
        assert (ran.code, "This archive is of http://127.0.0.1" in ran.err) == (2, True)
    assert "fail     archive" in desk.run("doctor").out
    assert sorted(tmp_path.joinpath("archive").rglob("*")) == before


def names(journal: Journal, portal: str | None) -> None:
    decision = Decision("ann", "a test")
    archive = journal.archive().archive
    statement = Statement(ManifestKind.ACCEPT, archive, decision, portal=portal)
    journal.append(lambda below: statement.on(below, (), FindingCounts(0, 0)))


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("recordings/undated/1.0123456789ab.mp3", "a recording"),
        ("quarantine/undated/1.0123456789ab.mp3", "what was quarantined"),
        ("calls/2021/04/06/0123456789ab.jsonl", "calls"),
    ],
)
def test_what_a_killed_run_left_binds_too(key: str, what: str, figure: Figure) -> None:
    store = MemoryStore()
    begun = Journal(store).create_or_open(PORTAL)
    assert Journal(store).matching(OTHER) == begun
    store.put(key, b"audio")
    with pytest.raises(UsageError, match=f"This archive is of {PORTAL}, not of {OTHER}"):
        Journal(store).matching(OTHER)
    figure("R18", f"{what} that no manifest names: another endpoint is refused")


def test_a_manifest_that_names_another_portal_later_changes_nothing(figure: Figure) -> None:
    """Whoever may add to the chain redirects no archive that holds something."""
    store = MemoryStore()
    fill(store)
    journal = Journal(store)
    assert journal.portal().endpoint == PORTAL
    names(journal, OTHER)
    assert Journal(store).portal().endpoint == PORTAL
    with pytest.raises(UsageError, match=f"of {PORTAL}, not of {OTHER}"):
        Journal(store).matching(OTHER)
    figure("R18", "a portal named above a listing: counts 0 times")


def test_the_last_that_was_named_before_anything_came_counts() -> None:
    store = MemoryStore()
    journal = Journal(store)
    journal.create_or_open(PORTAL)
    for named in (OTHER, None, "https://third.example/"):
        names(journal, named)
    portal = Journal(store).portal()
    assert (portal.endpoint, portal.is_final) == ("https://third.example/", False)


def test_the_file_itself_is_never_changed(desk: Desk, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    begun = ArchiveFile.new(OTHER).to_json()
    archive.joinpath("ARCHIVE.json").write_bytes(begun)
    assert desk.run(*SINCE).code == 0
    assert archive.joinpath("ARCHIVE.json").read_bytes() == begun
    (manifest,) = [
        json.loads(path.read_bytes()) for path in archive.glob("manifests/00000001.json")
    ]
    assert manifest["portal"] == desk.sandbox.endpoint
