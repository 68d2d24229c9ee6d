"""A chain that was set back below what this machine has seen stops everything, with what to do."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec import Struct

from archiver.domain.layout import manifest_key
from archiver.errors import ChainBroken
from archiver.manifest.journal import Journal
from archiver.manifest.last_seen import LastSeen
from archiver.manifest.records.files import Head
from archiver.sandbox import Encoding, Sandbox, World
from archiver.store.local import LocalStore
from tests.archives import fill, lose_catalog, manifest_of
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure
from tests.store.memory import MemoryStore

DAY = datetime(2021, 4, 6, tzinfo=UTC)
PULL = ("pull", "--day", "2021-04-06", "--no-calls", "-q")
"""Of recordings alone: a night is a manifest, and certifies nothing."""


class Nights(Struct):
    """An archive of three nights, and a desk."""

    desk: Desk

    @property
    def archive(self) -> Path:
        return self.desk.home / "archive"

    @property
    def memory(self) -> Path:
        return self.archive / ".archiver/head.json"

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.archive)

    def manifest(self, number: int) -> Path:
        return self.archive / manifest_key(number)

    def run(self, *words: str) -> Ran:
        ran = self.desk.run(*words)
        assert "Traceback" not in ran.err
        return ran

    def keep_a_copy(self) -> Path:
        copy = self.desk.home / "copy"
        shutil.copytree(self.archive, copy, ignore=shutil.ignore_patterns(".archiver"))
        return copy


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    world = World(seed=15)
    last = DAY + timedelta(hours=9)
    world.add(count=2, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(3, 4))
    with Sandbox(world, token=TOKEN) as sandbox:
        nights = Nights(Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")}))
        for _ in range(2):
            assert nights.run(*PULL).code == 0
        yield nights


def shorter(nights: Nights) -> None:
    """Take the newest manifest away."""
    nights.manifest(3).unlink()


def older(nights: Nights) -> None:
    """Leave nothing but the first."""
    for number in (2, 3):
        nights.manifest(number).unlink()


def another(nights: Nights) -> None:
    """Put another manifest in the place of the newest, which follows as well."""
    nights.manifest(3).unlink()
    journal = Journal(nights.store)
    journal.append(manifest_of(journal.archive().archive, [], run="another machine"))


def longer(nights: Nights) -> None:
    """Put others in the place of the last two, and one more."""
    older(nights)
    journal = Journal(nights.store)
    for _ in range(3):
        journal.append(manifest_of(journal.archive().archive, [], run="another machine"))


SET_BACK = (shorter, older, another, longer)


@pytest.mark.parametrize("set_back", SET_BACK, ids=lambda how: how.__name__)
def test_every_command_that_uses_the_archive_says_so(
    set_back: Callable[[Nights], None], nights: Nights, figure: Figure
) -> None:
    head, id_ = Journal(nights.store).head(), next(iter(nights.desk.sandbox.world.recordings)).id
    set_back(nights)
    commands = (
        PULL,
        ("get", id_),
        ("accept", id_, "--reason", "x"),
        ("reconcile", "--day", "2021-04-06"),
    )
    for lost in (False, True):
        if lost:
            lose_catalog(nights.archive)
        for words in commands:
            ran = nights.run(*words)
            assert ran.code == 4, words
            assert "was set back" in ran.err
            assert f"--head {head}" in ran.err
            assert str(nights.memory) in ran.err
    ran = nights.run("verify", "--json")
    report = json.loads(ran.out)
    assert ran.code == 3
    assert manifest_key(3) in {each["path"] for each in report["chain"]}
    figure("G14", f"{set_back.__name__}: exit 0 of {2 * len(commands) + 1} commands: 0")


def test_the_manifests_come_back_from_a_copy_with_what_is_remembered(nights: Nights) -> None:
    copy, whole = nights.keep_a_copy(), nights.manifest(3).read_bytes()
    older(nights)
    assert nights.run("repair").code == 3, "nothing has them"
    assert nights.run("repair", "-n").code == 3
    assert nights.run("repair", "--from", str(copy)).code == 0
    assert nights.manifest(3).read_bytes() == whole
    assert nights.run("verify").code == 0
    assert nights.run(*PULL).code == 0


def test_an_older_state_that_is_meant_is_accepted_by_deleting_what_is_remembered(
    nights: Nights,
) -> None:
    older(nights)
    nights.memory.unlink()
    ran = nights.run("pull", "--day", "2021-04-06")
    assert ran.code == 0
    assert "not in the chain" in ran.err, "the catalog was ahead of it"
    assert nights.run("verify").code == 0
    again = nights.run("pull", "--day", "2021-04-06")
    assert (again.code, "anew" in again.err) == (0, False)


def test_what_is_remembered_and_damaged_counts_for_nothing(tmp_path: Path, figure: Figure) -> None:
    path, store = tmp_path / "head.json", MemoryStore()
    (head,) = fill(store, manifests=1, each=1)
    memory, archive = LastSeen(path), Journal(store).archive().archive
    memory.remember(archive, head)
    whole = path.read_bytes()
    wrong = 0
    for at in range(len(whole)):
        bit = 1 << Random(at).randrange(8)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
        wrong += memory.head(archive) is not None
    path.write_bytes(b"x" * 100_000)
    assert [found for found, _ in Journal(store, memory).manifests()] == [head]
    assert path.read_bytes() == whole, "it is written anew"
    assert wrong == 0
    figure("G14", f"memory of the newest head flipped {len(whole)} times: false alarms {wrong}")


def test_another_archive_is_not_taken_for_the_one_that_is_remembered(tmp_path: Path) -> None:
    memory, one, another = LastSeen(tmp_path / "head.json"), MemoryStore(), MemoryStore()
    heads, _ = fill(one, manifests=3), fill(another, manifests=1)
    assert [head for head, _ in Journal(one, memory).manifests()] == heads
    text = memory.path.read_bytes()
    id_ = Journal(one).archive().archive
    for _ in range(2):
        with pytest.raises(ChainBroken, match=f"Another archive .* was here: {id_}"):
            Journal(another, memory).archive()
    memory.remember(Journal(another).archive().archive, heads[-1])
    assert memory.path.read_bytes() == text
    memory.forget()
    assert Journal(another, memory).head() is not None


def emptied(nights: Nights) -> None:
    """Take all away but what this machine keeps beside it."""
    for path in nights.archive.iterdir():
        if path.name != ".archiver":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def removed(nights: Nights) -> None:
    """Take the folder away."""
    shutil.rmtree(nights.archive)


def replaced(nights: Nights) -> None:
    """Put another archive of the same portal in its place."""
    emptied(nights)
    other = nights.desk.home / "other"
    assert nights.run(*PULL, "-a", str(other)).code == 0
    for path in other.iterdir():
        if path.name != ".archiver":
            path.rename(nights.archive / path.name)


@pytest.mark.parametrize("lose", [emptied, removed, replaced], ids=lambda how: how.__name__)
def test_an_archive_that_is_gone_is_missed(
    lose: Callable[[Nights], None], nights: Nights, figure: Figure
) -> None:
    archive, head = Journal(nights.store).archive().archive, Journal(nights.store).head()
    lose(nights)
    commands: tuple[tuple[str, ...], ...] = (PULL, ("pull", "--since", "2021-04-06"), ("status",))
    if lose is not replaced:
        commands = (*commands, ("pull",), ("verify",))
    before = sorted(nights.archive.rglob("*.json"))
    for words in commands:
        ran = nights.run(*words)
        assert ran.code == 4, words
        assert f"{archive}, seen last with head {head}" in ran.err
    if lose is replaced:
        ran = nights.run("verify", "--json")
        (said,) = json.loads(ran.out)["chain"]
        assert (ran.code, said["path"], archive in said["what"]) == (3, "ARCHIVE.json", True)
    assert sorted(nights.archive.rglob("*.json")) == before, "none is begun, nothing is forgotten"
    figure("G14", f"{lose.__name__}: exit 0 of {len(commands) + 1} commands: 0")
    named = ran.err if lose is not replaced else nights.run(*PULL).err
    for path in named.partition("delete ")[2].partition(" and run it again")[0].split(" and "):
        Path(path).unlink()
    assert nights.run(*PULL).code == 0, "it is meant"


def test_an_archive_that_was_moved_or_copied_is_no_other(nights: Nights) -> None:
    moved = nights.desk.home / "moved"
    nights.archive.rename(moved)
    assert nights.run(*PULL, "-a", str(moved)).code == 0
    assert nights.run("copy", "-a", str(moved), "--to", str(nights.archive)).code == 0
    assert nights.run("verify").code == 0
    assert nights.run(*PULL).code == 0
    assert nights.run(*PULL, "-a", str(nights.desk.home / "new")).code == 0


def test_no_copy_is_begun_where_another_archive_was(nights: Nights) -> None:
    other, copy = nights.desk.home / "other", nights.desk.home / "copy"
    assert nights.run(*PULL, "-a", str(other)).code == 0
    assert nights.run("copy", "-a", str(other), "--to", str(copy)).code == 0
    for path in copy.iterdir():
        if path.name != ".archiver":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    ran = nights.run("copy", "--to", str(copy))
    assert (ran.code, "Another archive than" in ran.err) == (4, True)
    assert [each.name for each in copy.iterdir()] == [".archiver"]


def test_a_lower_head_is_not_remembered_over_a_higher_one(tmp_path: Path) -> None:
    memory, heads = LastSeen(tmp_path / "head.json"), [Head(n, f"{n}" * 64) for n in (1, 2, 3)]
    for head in (heads[1], heads[0], heads[2], heads[1]):
        memory.remember("an archive", head)
    assert memory.head("an archive") == heads[2]
    memory.remember("another", heads[0])
    assert memory.head("another") is None


def test_where_nothing_can_be_remembered_the_chain_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = MemoryStore()
    heads = fill(store)
    journal = Journal(store, LastSeen(tmp_path / "file" / "head.json"))
    assert journal.head() == heads[-1]
    assert [head for head, _ in journal.manifests()] == heads
    assert journal.append(manifest_of(journal.archive().archive, [])).number == 4


def test_a_manifest_is_remembered_only_when_it_can_be_lost_no_more(tmp_path: Path) -> None:
    store = MemoryStore()
    heads = fill(store)
    memory, synced = LastSeen(tmp_path / "head.json"), list[str]()
    journal = Journal(store, memory)
    archive = journal.archive().archive

    def sync(key: str) -> None:
        assert memory.head(archive) is None
        synced.append(key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "sync", sync)
        for _ in range(2):
            assert len([*journal.manifests()]) == len(heads)
    assert synced == [manifest_key(3)]
    store.clearing.set_aside(manifest_key(3), manifest_key(9))
    with pytest.raises(ChainBroken):
        Journal(store, memory).head()
