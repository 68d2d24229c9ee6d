"""What was asked for in exports and holds that were never entered in the chain: strays."""

from contextlib import suppress

from archiver.domain.layout import EXPORT_NAME, HOLD_NAME, manifest_key
from archiver.errors import ArchiverError
from archiver.open_archive import OpenArchive
from archiver.removal.making_way import set_aside

_NAMES = {"exports/": EXPORT_NAME, "holds/": HOLD_NAME}


def strays_in(archive: OpenArchive, folder: str) -> frozenset[str]:
    """Return the files in ``exports/`` or ``holds/`` that no manifest names.

    Where several machines write at once there are none: it may be what another is about to name.
    """
    store, journal = archive.store, archive.journal
    if not store.capabilities.has_one_writer:
        return frozenset()
    try:
        left = {item.key for item in store.items(folder) if _NAMES[folder].fullmatch(item.key)}
        head = journal.head()
        for number in range(head.number if head else 0, 0, -1):
            if not left:
                break
            text = journal.documents.read(manifest_key(number))
            left -= {key for key in left if key.encode() in text}
    except ArchiverError:  # what can't be read may name any of them
        return frozenset()
    return frozenset(left)


def set_strays_aside(archive: OpenArchive, folder: str, before: frozenset[str]) -> None:
    """Set aside what was a stray ``before`` and is one still, unless a run is writing."""
    if before:
        with suppress(ArchiverError), archive.store.exclusive():
            for key in sorted(before & strays_in(archive, folder)):
                set_aside(archive.store, key)


def remove_hold_strays(archive: OpenArchive) -> None:
    """Remove the filters of holds that were never entered: whoever adds a hold was killed.

    They bind nothing, and may hold a phone number. The archive's lock is held.
    """
    for key in sorted(strays_in(archive, "holds/")):
        archive.store.clearing.remove_versions(key)
