"""Whose legal hold may be another's than a hold's: somebody's who set it, or that of the settings.

Whoever adds a hold asks each version first, and the chain has the answer. A run whose settings put
one on all that it stores, and on what it locks later, may have done so since.
"""

from collections.abc import Collection

from archiver.domain.recordings import RecordingId
from archiver.manifest.journal import Journal
from archiver.manifest.model import ManifestKind


def may_be_others(journal: Journal, ids: Collection[RecordingId]) -> frozenset[RecordingId]:
    """Return those of these recordings whose legal hold no hold of this archive may have set.

    The last hold that asked tells; where none did, all since a recording was first named counts.
    """
    since: dict[RecordingId, int] = {}
    had: dict[RecordingId, bool] = {}
    last = 0
    for head, manifest in journal.extract.of(ids) if ids else ():
        if manifest.kind is ManifestKind.RUN and manifest.run.settings.get("legal_hold"):
            last = head.number
        for entry in manifest.recordings:
            if entry.id in ids and entry.sidecar:
                since.setdefault(entry.id, head.number)
        for each in manifest.holds:
            if each.had_legal_hold is not None:
                asked = [id_ for id_ in each.recordings if id_ in ids]
                since |= dict.fromkeys(asked, head.number)
                had |= {id_: id_ in each.had_legal_hold for id_ in asked}
    return frozenset(id_ for id_ in ids if had.get(id_) or last >= since.get(id_, 1))
