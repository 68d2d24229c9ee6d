"""What an archive has of recordings: what the chain names of them, and what lies there."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress

from msgspec import Struct

from archiver.domain.layout import Shelf, recording_of, safe_id
from archiver.domain.recordings import RecordingId
from archiver.errors import Missing
from archiver.manifest.documents import Documents
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.named_files.handover_filter import HandoverFilter
from archiver.manifest.records.decisions import Export
from archiver.manifest.records.files import ArchivedFile, CallFile
from archiver.manifest.records.holds import HoldChange
from archiver.store.base import Item, Store


class Belongings(Struct, frozen=True):
    """What the chain names of some recordings: every file that it ever named of each.

    ``calls`` are all files of calls that count. ``exports`` are the runs that handed any of these
    over, or may have. ``holds`` are all changes of holds.
    """

    files: Mapping[RecordingId, tuple[ArchivedFile, ...]]
    calls: tuple[CallFile, ...]
    exports: tuple[str, ...]
    holds: tuple[HoldChange, ...]


def named_by_chain(journal: Journal, ids: Collection[RecordingId]) -> Belongings:
    """Return what the chain names of these recordings, from its beginning to its end."""
    files: defaultdict[RecordingId, dict[ArchivedFile, None]] = defaultdict(dict)
    calls: dict[str, CallFile] = {}
    exports: list[str] = []
    holds: list[HoldChange] = []
    for _head, manifest in journal.extract.of(ids):
        for id_, file in _files_of(manifest, ids):
            files[id_][file] = None
        _take_in_calls(calls, manifest)
        if manifest.export and files and _may_have_held(journal.documents, manifest.export, ids):
            exports.append(manifest.run.id)
        holds += manifest.holds
    named = {id_: tuple(files.get(id_, ())) for id_ in ids}
    return Belongings(named, tuple(calls.values()), tuple(exports), tuple(holds))


def lying_there(store: Store, ids: Collection[RecordingId]) -> list[Item]:
    """Return every version and marker that is listed of these, set aside and strays too."""
    wanted = {safe_id(id_) for id_ in ids}
    return [
        item
        for shelf in Shelf
        for item in store.versions(f"{shelf}/")
        if recording_of(item.key) in wanted
    ]


def unlisted(store: Store, files: Iterable[ArchivedFile], listed: Iterable[Item]) -> list[Item]:
    """Return what is there by the names of these files, and by their versions, and is not listed.

    A listing may lag behind what a name gives.
    """
    versions = [item for item in listed if not item.is_marker]
    seen = {(item.key, item.version) for item in versions}
    current = {item.key for item in versions if item.is_current}
    found: list[Item] = []
    for file in files:
        for version in dict.fromkeys((None, file.version)):
            is_listed = (file.path, version) in seen if version else file.path in current
            item = None if is_listed else _by_name(store, file, version)
            if item and (item.key, item.version) not in seen:
                seen.add((item.key, item.version))
                found.append(item)
    return found


def _by_name(store: Store, file: ArchivedFile, version: str | None) -> Item | None:
    with suppress(Missing):
        there = store.stat(file.path, version)
        return Item(file.path, there.bytes, there.version, is_current=version is None)
    return None


def _files_of(
    manifest: Manifest, ids: Collection[RecordingId]
) -> Iterator[tuple[RecordingId, ArchivedFile]]:
    for entry in manifest.recordings:
        if entry.id in ids:
            yield from ((entry.id, file) for file in (entry.audio, entry.sidecar) if file)


def _take_in_calls(calls: dict[str, CallFile], manifest: Manifest) -> None:
    calls.update({each.file.path: each for each in manifest.calls})
    if manifest.erasure and manifest.erasure.takes_away:
        for gone in manifest.erasure.calls:
            calls.pop(gone.path, None)


def _may_have_held(documents: Documents, export: Export, ids: Collection[RecordingId]) -> bool:
    """Whether an export held any of these: yes, where its file is lost, or names none of its own.

    Those of earlier versions name none.
    """
    found = documents.parsed(export.file, HandoverFilter.from_json)
    held = found.ids if found else ()
    return not held or not set(ids).isdisjoint(held)
