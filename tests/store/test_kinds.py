"""A third kind of store, in memory: all of the product works with it, by one line."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import Struct, field

from archiver.domain.checks import Check
from archiver.errors import UsageError
from archiver.json_documents import Json
from archiver.sandbox import Encoding, Sandbox, World
from archiver.store import kinds
from archiver.store.base import Store
from archiver.store.sites import Address
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
from tests.store.memory import MemoryStore

DAY = datetime(2021, 4, 6, tzinfo=UTC)
HERE = "memory://calls"


class MemorySite(Struct):
    """The place of an archive that ends with the process; this machine's part is a folder."""

    address: Address
    store: MemoryStore
    credentials: str = ""
    state: Path | None = None
    remembered: list[str] = field(default_factory=list)

    def workdir(self) -> Path:
        assert self.address.state is not None
        return self.address.state / "memory"

    def open(self) -> Store:
        return self.store

    def require_usable(self, *, among_others: bool = False) -> None:
        assert not among_others

    def require_there(self) -> None:
        assert self.address.text == HERE

    def prepare(self, store: Store) -> None:
        assert store is self.store
        self.workdir().mkdir(parents=True, exist_ok=True)

    def remember(self) -> None:
        self.remembered.append(self.address.text)

    def checks(self, see: Callable[[], object], elsewhere: Callable[[], str]) -> Iterator[Check]:
        see()
        yield Check.ok("archive", f"It is in memory. {elsewhere()}".strip())

    def uses(self) -> Mapping[tuple[str, ...], Callable[[], object]]:
        return {}

    def policy(self) -> Json:
        raise UsageError("Memory has no policy.")


@pytest.fixture
def world() -> World:
    world = World(seed=5)
    last = DAY + timedelta(hours=9)
    world.add(count=12, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(2, 3))
    return world


def test_all_of_the_product_works_with_a_third_kind_of_store(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    store = MemoryStore()
    monkeypatch.setitem(kinds.KINDS, "memory", lambda address: MemorySite(address, store))
    with Sandbox(world, token=TOKEN) as sandbox:
        desk = Desk(sandbox, tmp_path)
        words = ("--day", "2021-04-06", "-a", HERE)
        codes = [int(desk.run("pull", *words).code) for _ in range(2)]
        codes.append(desk.run("verify", "-a", HERE).code)
        one = [*world.recordings][3].id
        codes.append(desk.run("get", one, "-a", HERE, "-o", f"{tmp_path / 'out'}/").code)
        every = (item.key for item in store.items("recordings/"))
        lost = next(key for key in every if one in key and key.endswith(".mp3"))
        store.lose(lost)
        damaged = desk.run("verify", "-a", HERE).code
        codes.append(desk.run("repair", "-a", HERE).code)
        codes.append(desk.run("verify", "-a", HERE).code)
        codes.append(desk.run("doctor", "-a", HERE).code)
    assert (codes, damaged) == ([0] * 7, 3)
    assert not [*tmp_path.rglob("manifests")], "nothing of it is on a disk"
    assert len([*(tmp_path / "out").iterdir()]) == 1
    figure(
        "store", f"a third kind: pull, verify, get, repair, doctor end with 0; lost 1: {damaged}"
    )
