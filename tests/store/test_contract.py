"""The promise of ``store/base``, held by every store: a folder, memory, and kinds of buckets."""

import hashlib
from pathlib import Path

import pytest

from archiver.domain.layout import BadKey
from archiver.errors import DestinationError, Exists, Locked, Missing
from archiver.store.base import Item, Store
from archiver.store.local import LocalStore
from tests.conftest import Figure
from tests.s3.stores import bucket_store
from tests.store.memory import MemoryStore

KEY = "recordings/2019/06/11/20190611-060421_42.000000000000.mp3"
ASIDE = "quarantine/2019/06/11/20190611-060421_42.111111111111.mp3"


@pytest.fixture(params=["folder", "memory", "bucket", "versioned_bucket", "locked_bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    match request.param:
        case "folder":
            return LocalStore(tmp_path / "deep" / "archive")
        case "memory":
            return MemoryStore()
        case kind:
            name = request.getfixturevalue(kind)
            return bucket_store(request.getfixturevalue("s3"), f"s3://{name}/a/b", tmp_path)


def read(store: Store, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def test_what_is_put_is_read_back_and_listed(store: Store) -> None:
    stored = store.put(KEY, b"audio")
    assert stored.created
    assert (stored.key, stored.bytes) == (KEY, 5)
    assert stored.sha256 == hashlib.sha256(b"audio").hexdigest()
    assert read(store, KEY) == b"audio"
    assert list(store.items("")) == [Item(KEY, 5)]


def test_the_same_bytes_again_are_adopted_and_others_refused(store: Store, figure: Figure) -> None:
    store.put(KEY, b"audio")
    assert not store.put(KEY, b"audio").created
    with pytest.raises(Exists):
        store.put(KEY, b"other")
    assert read(store, KEY) == b"audio"
    store.clearing.set_aside(KEY, ASIDE)
    assert store.put(KEY, b"other").created
    assert (read(store, KEY), read(store, ASIDE)) == (b"other", b"audio")
    figure("D11", f"{type(store).__name__}: overwritten 0, lost 0")


def test_what_is_removed_is_gone_in_every_version(store: Store, figure: Figure) -> None:
    store.put(KEY, b"audio")
    store.put(ASIDE, b"another")
    for _ in range(2):
        store.clearing.remove_versions(KEY)
    assert [item.key for item in store.versions("")] == [ASIDE]
    assert store.locking.standing(ASIDE, None) is None
    with pytest.raises(Missing):
        store.open(KEY)
    figure("P2", f"{type(store).__name__}: removed 1, left 0, others removed 0")


def test_a_part_becomes_an_object_or_vanishes(store: Store) -> None:
    with store.part() as part:
        part.file.write(b"au")
        part.file.write(b"dio")
        stored = store.put_part(KEY, part, hashlib.sha256(b"audio").hexdigest())
        path = part.path
    assert stored.created
    assert read(store, KEY) == b"audio"
    assert not path.exists()


def test_a_part_of_other_bytes_is_refused(store: Store) -> None:
    with store.part() as part:
        part.file.write(b"audio")
        with pytest.raises(DestinationError):
            store.put_part(KEY, part, hashlib.sha256(b"else").hexdigest())
    assert list(store.items("")) == []


def test_part_files_are_private_and_readable(store: Store) -> None:
    with store.part() as part:
        part.file.write(b"audio")
        part.file.seek(0)
        assert part.file.read() == b"audio"
        assert part.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", ".archiver/lock", "recordings/a\0b", ""])
def test_no_other_name_is_written_or_read(store: Store, key: str) -> None:
    for use in (lambda: store.put(key, b""), lambda: store.open(key)):
        with pytest.raises(BadKey):
            use()
    with pytest.raises(BadKey):
        store.clearing.set_aside(key, ASIDE)
    assert list(store.items("")) == []


def test_what_is_not_there_is_missing(store: Store) -> None:
    with pytest.raises(Missing):
        store.open(KEY)
    with pytest.raises(Missing):
        store.clearing.set_aside(KEY, ASIDE)


@pytest.mark.junk_documents
def test_items_are_sorted_and_chosen_by_prefix(store: Store) -> None:
    names = [KEY, ASIDE, "manifests/00000002.json", "manifests/00000001.json"]
    for name in names:
        store.put(name, b"")
    for listing in (store.items, store.versions):
        assert [item.key for item in listing("")] == sorted(names)
        assert [item.key for item in listing("manifests/")] == sorted(names)[:2]
        assert [item.key for item in listing("recordings/2019/06/1")] == [KEY]
        assert list(listing("calls/")) == []
    assert [item.key for item in store.scan()] == sorted(names)


def test_setting_aside_twice_is_harmless(store: Store) -> None:
    store.put(KEY, b"audio")
    store.put(ASIDE, b"audio")
    store.clearing.set_aside(KEY, ASIDE)
    assert [item.key for item in store.items("")] == [ASIDE]
    store.put(KEY, b"third")
    with pytest.raises(Exists):
        store.clearing.set_aside(KEY, ASIDE)
    assert read(store, KEY) == b"third"


def test_one_run_at_a_time(store: Store) -> None:
    with store.exclusive(), pytest.raises(Locked), store.exclusive():
        pytest.fail("two runs held the archive")
    with store.exclusive():
        pass


def test_free_bytes_is_a_count_or_nothing(store: Store) -> None:
    free = store.free().bytes
    assert free is None or free > 0
