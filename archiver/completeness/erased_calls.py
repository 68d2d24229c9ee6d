"""Calls of a day that were erased with their recordings: what was listed may still have them. Pure.

A listing is told by its digest alone, so it is asked which of the erased make up for what is not
archived any more. The provider may have deleted some of them as well.

>>> lines = ids_digest(["1", "2", "3"])[1]
>>> sorted(listed_with(lines, ["1"], ["2", "3", "4"]) or ())
['2', '3']
>>> listed_with(lines, ["1"], ["2"]) is None
True
"""

from collections.abc import Collection, Iterator
from itertools import chain, combinations

from archiver.domain.recordings import RecordingId
from archiver.manifest.state import ids_digest

FEW = 8
"""Of so many, each choice is tried: 256 digests. Of more, all and none."""


def listed_with(
    sha256: str, archived: Collection[RecordingId], erased: Collection[RecordingId]
) -> frozenset[RecordingId] | None:
    """Return which of the ``erased`` a listing has beside what is ``archived``.

    ``sha256`` is over the ids of the listing. ``None`` where it has something else, or lacks some.
    """
    ids = tuple(archived)
    for some in _choices(sorted({*erased} - {*ids})):
        if ids_digest((*ids, *some))[1] == sha256:
            return frozenset(some)
    return None


def _choices(ids: list[RecordingId]) -> Iterator[tuple[RecordingId, ...]]:
    """Yield all of these, none, and if they are few each choice between, the largest first."""
    sizes = range(len(ids) - 1, 0, -1) if len(ids) <= FEW else ()
    some = (combinations(ids, size) for size in sizes)
    yield from (tuple(ids), ())
    yield from chain.from_iterable(some)
