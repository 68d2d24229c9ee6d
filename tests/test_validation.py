"""The watch over stored documents sees them, knows them by name, and says what is wrong."""

import json
import time
from pathlib import Path

import pytest

from archiver.store.base import Store
from archiver.store.local import LocalStore
from tests.archives import fill, row, store_one
from tests.conftest import Figure
from tests.store.memory import MemoryStore
from tests.validation import Watch, kind_of, problem_of


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path)


def test_every_document_is_seen_and_counted(store: Store, documents_are_valid: Watch) -> None:
    fill(store, manifests=2, each=3)
    identity, manifests, sidecars = 1, 2, 6
    assert documents_are_valid.documents == identity + manifests + sidecars
    assert documents_are_valid.invalid == []


def test_what_fits_no_schema_is_named(store: Store, documents_are_valid: Watch) -> None:
    fill(store)
    store.put("manifests/00000099.json", b"{}")
    store.put("manifests/00000100.json", b"{")
    missing, torn = documents_are_valid.invalid
    assert missing.startswith("manifests/00000099.json: $: ")
    assert torn.startswith("manifests/00000100.json: no JSON: ")
    documents_are_valid.invalid.clear()


@pytest.mark.junk_documents
def test_junk_on_purpose_is_let_be(store: Store, documents_are_valid: Watch) -> None:
    store.put("manifests/00000001.json", b"{}")
    assert documents_are_valid.documents == 0


def test_audio_is_no_document() -> None:
    store = MemoryStore()
    stored = store_one(store, row("7"))
    assert stored.audio
    assert stored.sidecar
    assert (kind_of(stored.audio.path), kind_of(stored.sidecar.path)) == (None, "sidecar")


def test_what_watching_costs(figure: Figure) -> None:
    """A document costs little enough to look at every one."""
    store = MemoryStore()
    fill(store, manifests=1, each=20)
    texts = [store.open(item.key).read() for item in store.items("") if kind_of(item.key)]
    kinds = [kind for item in store.items("") if (kind := kind_of(item.key))]
    problem_of.cache_clear()
    started = time.process_time()
    problems = [problem_of(kind, text) for kind, text in zip(kinds, texts, strict=True)]
    each_ms = (time.process_time() - started) * 1_000 / len(texts)
    assert set(problems) == {None}
    assert all(json.loads(text) for text in texts)
    figure("json", f"a document is validated in {each_ms:.2f} ms")
