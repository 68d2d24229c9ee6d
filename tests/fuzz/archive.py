"""Laws of what an archive holds: manifests, sidecars, and the names of both."""

from archiver.domain import layout as keys
from archiver.domain.layout import Shelf, manifest_key
from archiver.domain.outcomes import Outcome
from archiver.errors import UsageError
from archiver.json_documents import BadDocument, dumps
from archiver.manifest.chain import examine
from archiver.manifest.codec import plain
from archiver.manifest.model import Manifest
from archiver.manifest.named_files.sidecar import read_sidecar
from tests.archives import CALLED, CALLER, MORNING, entry, fill, manifest_of
from tests.fuzz.target import Target
from tests.store.memory import MemoryStore

SHA256 = "0" * 64
FIRST = manifest_key(1)
_UUID = b"c136768e-8c0e-11e9-bc42-526af7764f64"


def manifests(data: bytes) -> None:
    """Hold a file to be a manifest to its last byte, of a newer format, or a problem."""
    try:
        manifest, problems = examine(FIRST, data, None, None)
    except UsageError:
        return
    assert manifest or problems
    for problem in problems:
        assert str(problem).startswith(FIRST)
        assert problem.line is None or problem.line >= 1
    if manifest:
        assert manifest.to_json() == data
        assert Manifest.from_json(data) == manifest


def sidecars(data: bytes) -> None:
    """Hold a file to be refused or a sidecar that reads the same once it is written again."""
    try:
        sidecar = read_sidecar(data)
    except (BadDocument, UsageError):
        return
    assert read_sidecar(dumps(plain(sidecar), indent=2)) == sidecar


def names(data: bytes) -> None:
    """Hold every id to a name of the layout, and names that pass to have no way out of it."""
    text = data.decode("utf-8", "surrogateescape")
    for at in (None, MORNING):
        key = keys.audio_key(Shelf.QUARANTINE, text, at, SHA256, "mp3")
        named = keys.parse(key)
        assert named == keys.Named(
            Shelf.QUARANTINE, keys.safe_id(text), keys.day_folder(at), SHA256[:12], "mp3"
        )
        _is_inside(key)
    twin = text.swapcase()
    assert twin == text or keys.safe_id(twin).casefold() != keys.safe_id(text).casefold()
    try:
        _is_inside(keys.checked(text))
    except keys.BadKey:
        assert keys.parse(text) is None


def _is_inside(key: str) -> None:
    parts = key.split("/")
    assert key.isascii()
    assert key.isprintable()
    assert key == "ARCHIVE.json" or parts[0] in {"recordings", "quarantine", "manifests", "calls"}
    assert not {"", ".", ".."} & {*parts}


def _filled() -> tuple[bytes, bytes]:
    """Return the manifest and the sidecar of an archive of one recording."""
    store = MemoryStore()
    fill(store, manifests=1, each=1)
    (manifest,) = (item.key for item in store.items("manifests/"))
    (sidecar,) = (item.key for item in store.items("recordings/") if item.key.endswith("json"))
    personal = store.open(sidecar).read()
    for number in (CALLER, CALLED):
        personal = personal.replace(number.encode(), b"7")
    return store.open(manifest).read(), personal


_MANIFEST, _SIDECAR = _filled()
_MADE = manifest_of("a", [entry("7", Outcome.GONE, reasons=("gone",))])(None)
_VALUES = (
    *(b"null", b"true", b"[]", b"{}", b"-1", b"1e9", b'""', b'"\\ud800"', b",\n", b"[\xc2\xb2]"),
    *(b'"0001-01-01T00:00:00+01:00"', b'"9999-12-31T23:59:59-01:00"', b'"2019-06-11T06:04:21Z"'),
)
MANIFESTS = Target(
    manifests,
    (_MANIFEST, _MADE.to_json()),
    (*_VALUES, b'"recordings":', b'"outcome":', b'"held":', b'"gone"', b'"failed"', b'"format":2'),
)
SIDECARS = Target(sidecars, (_SIDECAR,), (*_VALUES, b'"row": ', b'"facts": ', b'"flaws": '))
NAMES = Target(
    names,
    (
        *(b"42", _UUID, b"../../etc/cron.d/x", b"a\0b", b"CON", "caf\u00e9".encode(), b"\xff"),
        *(b"ARCHIVE.json", FIRST.encode(), b"recordings/undated/42.000000000000.mp3"),
        b"recordings/2019/06/11/20190611-060421_42.000000000000.json",
        b"calls/2019/06/11/000000000000.jsonl",
    ),
    (b"/", b"..", b"\n", b"x-", b"recordings/", b"undated/", _UUID, b"\xd9\xa1", b"0" * 12),
)
