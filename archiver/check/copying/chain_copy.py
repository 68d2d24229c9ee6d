"""The chain of a copy: whether it is a beginning of what is copied, and what comes next in it.

``ARCHIVE.json`` comes first, as whoever begins an archive writes it, so that no other archive can
begin there meanwhile. The manifests come last, so that none names what is not there.
"""

from archiver.check.copying.file_copy import is_one_file
from archiver.check.copying.source_chain import SourceChain
from archiver.domain.layout import ARCHIVE_KEY, manifest_key
from archiver.errors import ChainBroken, Missing, UsageError
from archiver.manifest.chain import ChainProblem, another_archive, broken
from archiver.manifest.journal import Journal, Memory
from archiver.manifest.records.files import Head
from archiver.store.base import Store


def begin(source: SourceChain, store: Store, copy: Store, memory: Memory) -> Head | None:
    """Return the head of the copy, after beginning it if there is none: ``None`` so far.

    Raises :class:`UsageError` unless it is of the archive in ``store``, its chain a beginning of
    that one, and its files others; :class:`ChainBroken` where that can't be told, or where nothing
    is and the ``memory`` has another.
    """
    journal = Journal(copy)
    try:
        archive, head = journal.archive(), journal.head()
    except Missing:
        _refuse_manifests(copy)
        if seen := memory.other(source.archive.archive):
            raise another_archive(seen, source.archive.archive) from None
        copy.claim(ARCHIVE_KEY, source.archive.to_json())
        return None
    except ChainBroken as error:
        raise ChainBroken(
            f"In the copy: {error.message}",
            advice="Nothing was copied. Copy again with --mend; where that does not help, name "
            "another place with --to.",
        ) from error
    if archive.digest != source.archive.digest:
        raise UsageError(
            "Another archive is there already: nothing was copied.",
            advice="Name another place with --to.",
        )
    _refuse_one_file(store, copy, ARCHIVE_KEY)
    copy.sync(ARCHIVE_KEY)
    if head is not None:
        _refuse_other(source, journal, head)
        _refuse_one_file(store, copy, manifest_key(head.number))
        _secure(copy, head)
    return head


def copy_manifests(source: SourceChain, copy: Store, after: int, up_to: int) -> int:
    """Copy the manifests above number ``after``, in order; return how many those are."""
    wanted = source.heads[after:up_to]
    chain = source.journal.counted()
    for head in wanted:
        key = manifest_key(head.number)
        if head.number not in chain:
            raise broken(ChainProblem(key, None, "the file is missing"))
        copy.claim(key, source.text_of(head, chain[head.number].version))
    return len(wanted)


def _refuse_manifests(copy: Store) -> None:
    if any(copy.versions("manifests/")):
        raise UsageError(
            f"Manifests are there, and no {ARCHIVE_KEY}: nothing tells which archive that is.",
            advice="Bring it back with archiver repair --from, or name another place with --to.",
        )


def _refuse_one_file(store: Store, copy: Store, key: str) -> None:
    if is_one_file(store, copy, key):
        raise UsageError(
            f"{key} there is the archive's own file by another name: hard links are no copy.",
            advice="Delete what lies there, and copy it anew; or name another place with --to.",
        )


def _refuse_other(source: SourceChain, journal: Journal, head: Head) -> None:
    """Raise :class:`UsageError` unless the chain that ends in ``head`` is a beginning of ours."""
    ours = source.heads[: head.number]
    below = head if head.number == len(ours) else journal.head_at(len(ours))
    if below != ours[-1]:
        raise UsageError(
            f"Another chain is there: its manifest {ours[-1].number} is not the one of this "
            "archive. Nothing was copied.",
            advice="A head that was kept tells which of the two is right: archiver verify --head "
            "N:SHA256. Or name another place with --to.",
        )
    if head.number > len(ours):
        raise _ahead(head, len(ours))


def _ahead(head: Head, last: int) -> UsageError:
    return UsageError(
        f"The copy is ahead: its newest manifest is {head.number}, that of this archive {last}. "
        "Nothing was copied.",
        advice="Was this archive set back? Copy the other way, or name another place with --to.",
    )


def _secure(copy: Store, head: Head) -> None:
    """Make a head as safe as what is written on it: whoever copied it may have been killed."""
    key = manifest_key(head.number)
    copy.sync(key)
    copy.locking.hold(key, None)
