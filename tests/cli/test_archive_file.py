"""``ARCHIVE.json`` is named by the manifests, so its portal cannot be changed unseen."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.check.audit import audit
from archiver.domain.layout import ARCHIVE_KEY, manifest_key
from archiver.errors import ChainBroken
from archiver.manifest.journal import Journal
from archiver.manifest.records.files import Head
from archiver.sandbox import Encoding, Sandbox, World
from archiver.store.local import LocalStore
from tests.archives import PORTAL, fill, manifest_of, of_another_portal
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
from tests.store.memory import MemoryStore

DAY = datetime(2021, 4, 6, tzinfo=UTC)
PULL = ("pull", "--day", "2021-04-06", "-q")
ELSEWHERE = "https://elsewhere.example/api/v2/"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(seed=17)
    for at in (DAY, DAY + timedelta(hours=9)):
        world.add(count=1, first=at, last=at, kinds=(Encoding.BARE,), seconds=(3, 4))
    with Sandbox(world, token=TOKEN) as sandbox:
        desk = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})
        for _ in range(2):
            assert desk.run(*PULL).code == 0
        yield desk


def rewrite_chain(archive: Path, identity: str) -> None:
    """Let every manifest name that file, and follow the one before it once more."""
    below = b""
    for path in sorted((archive / "manifests").iterdir()):
        text = re.sub(
            rb'"identity":"[0-9a-f]{64}"', b'"identity":"%s"' % identity.encode(), path.read_bytes()
        )
        if below:
            said = b'"sha256":"%s"}' % hashlib.sha256(below).hexdigest().encode()
            text = re.sub(rb'(?<="previous":)(\{"number":[0-9]+,)[^}]*\}', rb"\1" + said, text)
        path.write_bytes(text)
        below = text


@pytest.mark.junk_documents
@pytest.mark.parametrize("chain", ["as it was", "rewritten"])
def test_another_endpoint_is_found_with_a_head(chain: str, desk: Desk, figure: Figure) -> None:
    archive = desk.home / "archive"
    head = Journal(LocalStore(archive)).head()
    path = archive / ARCHIVE_KEY
    path.write_bytes(of_another_portal(path.read_bytes()))
    if chain == "rewritten":
        rewrite_chain(archive, hashlib.sha256(path.read_bytes()).hexdigest())
        (archive / ".archiver/head.json").unlink()
        assert desk.run("verify").code == 0, "who holds the archive can rewrite all of it"
    ran = desk.run("verify", "--json", "--head", str(head))
    found = {each["path"] for each in json.loads(ran.out)["chain"]}
    assert head is not None
    newest = manifest_key(head.number)
    assert (ran.code, found) == (3, {ARCHIVE_KEY if chain == "as it was" else newest})
    figure("G15", f"another endpoint in ARCHIVE.json, the chain {chain}: found with a head 1 of 1")


def test_nothing_is_pulled_from_another_portal(desk: Desk) -> None:
    archive = desk.home / "archive"
    shutil.copytree(archive, desk.home / "copy", ignore=shutil.ignore_patterns(".archiver"))
    path = archive / ARCHIVE_KEY
    whole = path.read_bytes()
    path.write_bytes(of_another_portal(whole))
    desk.environ["ARCHIVER_ENDPOINT"] = ELSEWHERE
    ran = desk.run(*PULL)
    assert (ran.code, "not the file that the manifests name" in ran.err) == (4, True)
    del desk.environ["ARCHIVER_ENDPOINT"]
    assert desk.run("repair").code == 3
    assert desk.run("repair", "--from", str(desk.home / "copy")).code == 0
    assert path.read_bytes() == whole
    assert desk.run(*PULL).code == 0
    assert audit(LocalStore(archive)).is_clean


def test_each_manifest_names_the_file(desk: Desk) -> None:
    archive = desk.home / "archive"
    digest = hashlib.sha256((archive / ARCHIVE_KEY).read_bytes()).hexdigest()
    named = [manifest.identity for _, manifest in Journal(LocalStore(archive)).manifests()]
    assert len(named) > 1
    assert {*named} == {digest}


def test_whoever_writes_looks_first() -> None:
    store, other = MemoryStore(), MemoryStore()
    fill(store, manifests=2)
    for item in store.items(""):
        text = store.open(item.key).read()
        other.put(item.key, of_another_portal(text, ELSEWHERE) if item.key == ARCHIVE_KEY else text)
    journal = Journal(other)
    assert journal.archive().archive == Journal(store).create_or_open(PORTAL).archive
    with pytest.raises(ChainBroken, match="not the file"):
        journal.create_or_open(ELSEWHERE)

    def build(_below: Head | None) -> None:
        raise AssertionError("nothing is written beside it")

    with pytest.raises(ChainBroken, match="not the file"):
        journal.append(build)  # type: ignore[arg-type]  # it is not asked
    with pytest.raises(ChainBroken, match="not the file"):
        [*journal.manifests(after=2)]
    assert manifest_of("a", [])(None).identity is None, "only the journal knows it"
