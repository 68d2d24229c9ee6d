"""Every document that any test stores is held to its schema in ``manifests/``.

Stores are watched where every document passes: their ``put``. A test that
stores junk on purpose is marked ``junk_documents``. What other processes store is not seen here.
"""

import functools
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator, ValidationError
from msgspec import Struct, field

from archiver.domain.layout import (
    ARCHIVE_KEY,
    CERTIFICATE_NAME,
    EXPORT_NAME,
    HOLD_NAME,
    manifest_number,
    parse,
)
from archiver.store.base import PutResult
from archiver.store.local import LocalStore
from archiver.store.s3.bucket_store import BucketStore
from tests.store.memory import MemoryStore

MARKER = "junk_documents"
PROPERTY = "documents"
SCHEMAS = Path(__file__).parent.parent / "manifests"
Storing = Callable[..., PutResult]


def kind_of(key: str) -> str | None:
    """Return which schema a key's document must fit, ``None`` for what is no document."""
    if key == ARCHIVE_KEY:
        return "archive"
    if manifest_number(key) is not None:
        return "manifest"
    if EXPORT_NAME.fullmatch(key):
        return "handover_filter"
    if HOLD_NAME.fullmatch(key):
        return "hold_filter"
    if CERTIFICATE_NAME.fullmatch(key):
        return "certificate"
    named = parse(key)
    return "sidecar" if named and named.extension == "json" else None


@functools.cache
def validator(kind: str) -> Draft202012Validator:
    """Return what validates documents of a kind."""
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_bytes())
    return Draft202012Validator(schema)


@functools.lru_cache(maxsize=10_000)
def problem_of(kind: str, data: bytes) -> str | None:
    """Return what is wrong with a document, ``None`` if nothing is."""
    try:
        document = json.loads(data)
    except ValueError as error:
        return f"no JSON: {error}"
    wrong = next(validator(kind).iter_errors(document), None)
    return None if wrong is None else f"{_place(wrong)}: {wrong.message}"


def _place(wrong: ValidationError) -> str:
    """Return where in a document something is wrong, ``$`` for the whole of it."""
    return ".".join(("$", *map(str, wrong.instance_path)))


class Watch(Struct):
    """Validates what is stored; counts documents, and keeps what is wrong with those that fail."""

    documents: int = 0
    invalid: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look_at(self, key: str, data: bytes) -> None:
        """Validate one document, if it is one."""
        kind = kind_of(key)
        if kind is None:
            return
        problem = problem_of(kind, data)
        with self._lock:
            self.documents += 1
            if problem is not None:
                self.invalid.append(f"{key}: {problem}")

    def storing(self, put: Storing) -> Storing:
        """Return ``put``, watched: what it has stored is looked at."""

        @functools.wraps(put)
        def watched(store: object, key: str, data: bytes, *about: object) -> PutResult:
            stored = put(store, key, data, *about)
            self.look_at(key, data)
            return stored

        return watched


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARKER}: stores documents that fit no schema, on purpose")


@pytest.fixture(autouse=True)
def documents_are_valid(request: pytest.FixtureRequest) -> Iterator[Watch]:
    """Fail a test that stores a document against its schema."""
    watch = Watch()
    if request.node.get_closest_marker(MARKER):
        yield watch
        return
    with pytest.MonkeyPatch.context() as patched:
        for store in (LocalStore, MemoryStore, BucketStore):
            patched.setattr(store, "put", watch.storing(store.put))
        yield watch
    request.node.user_properties.append((PROPERTY, (watch.documents, len(watch.invalid))))
    assert watch.invalid == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many documents were held to their schemas."""
    counts = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "teardown"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if counts:
        stored, invalid = (sum(column) for column in zip(*counts, strict=True))
        terminalreporter.write_line(f"documents validated {stored}, invalid {invalid}")
