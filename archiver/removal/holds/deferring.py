"""Erasures that holds defer: begun ones that were held since, and those that were refused."""

from collections.abc import Collection, Iterator

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId
from archiver.manifest.journal import Journal
from archiver.manifest.records.erasures import Cause, Erasure, ErasureStep
from archiver.manifest.records.holds import HoldChange, OpenHold, open_holds
from archiver.removal.unfinished import Begun, begun_after


def holds_since(journal: Journal, erasure: Erasure) -> Iterator[OpenHold]:
    """Yield the holds that may bind what is left of an erasure, as the chain is now.

    What a standing hold matched was asked when the erasure was begun; nothing tells that of what is
    erased by now. So only one that came later, before the end, still binds by its filter.
    """
    changes: list[HoldChange] = []
    number = 0
    for head, manifest in journal.extract.of():
        changes += manifest.holds
        if _begins(manifest.erasure, erasure.ids):
            number = head.number
    is_begun = erasure.step is ErasureStep.BEGUN
    for hold in open_holds(changes).values():
        yield hold if is_begun and hold.number > number else replace(hold, future=None)


def _begins(erasure: Erasure | None, ids: Collection[RecordingId]) -> bool:
    if erasure is None or erasure.step is not ErasureStep.BEGUN:
        return False
    return not set(ids).isdisjoint(erasure.ids)


class RefusedErasure(Struct, frozen=True):
    """What somebody asked to be erased, and was refused: what of it was not erased since."""

    erasure: Erasure
    ids: tuple[RecordingId, ...]


def refused_by(journal: Journal, holds: Collection[int]) -> list[RefusedErasure]:
    """Return the erasures that any of these holds kept from being done, the first first.

    Each recording is in the last one that asked for it. Disposals are left out: what is due, a new
    plan says.
    """
    asked: dict[RecordingId, tuple[int, Erasure]] = {}
    going: Begun = {}
    for head, manifest in journal.extract.of():
        erasure = manifest.erasure
        for id_ in erasure.ids if erasure else ():
            asked.pop(id_, None)
            if erasure and _is_asked(erasure) and id_ not in going:
                asked[id_] = head.number, erasure
        going = begun_after(going, manifest)
    by_number = dict(sorted(asked.values(), key=lambda each: each[0]))
    return [
        RefusedErasure(erasure, tuple(id_ for id_ in erasure.ids if asked.get(id_) == (n, erasure)))
        for n, erasure in by_number.items()
        if not set(holds).isdisjoint(erasure.holds)
    ]


def _is_asked(erasure: Erasure) -> bool:
    return erasure.step is ErasureStep.REFUSED and erasure.cause is Cause.ERASURE
