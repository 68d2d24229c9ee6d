"""Erasures that were begun and never came to their end: which these are, and what is said."""

from collections.abc import Mapping

from archiver.domain.quantities import counted
from archiver.domain.recordings import RecordingId
from archiver.manifest.model import Manifest
from archiver.manifest.records.erasures import ErasureStep

Begun = Mapping[RecordingId, int]
"""Recordings whose erasure is begun and not at its end, with the manifest that begins it."""


def begun_after(before: Begun, manifest: Manifest) -> Begun:
    """Return what is begun and not at its end once a manifest is taken in.

    One that is refused when it was to be finished stays begun.
    """
    erasure = manifest.erasure
    if erasure is None or erasure.step is ErasureStep.REFUSED:
        return before
    meant = dict.fromkeys(erasure.ids, manifest.number)
    others = {id_: number for id_, number in before.items() if id_ not in meant}
    return others | meant if erasure.step is ErasureStep.BEGUN else others


def told_unfinished(count: int) -> str:
    """Return in words how many there are, and what finishes them."""
    return f"{counted(count, 'erasure')} begun, not finished. Run: archiver erase --finish"
