"""What the portal shows before it is asked for anything, and no listing of a run need have. Pure.

The first page without a filter shows a row that came for a day that is settled, however old, and
rows without a date, which no filter has: a database that sorts nothing before everything shows them
first. So what is on it is held against what is known, at no request.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime

from archiver.domain.recordings import RecordingId
from archiver.portal.proving.walk import Listed
from archiver.portal.proving.witnesses import Witness


def dated(listed: Iterable[Listed]) -> tuple[Witness, ...]:
    """Return the rows that have a date, also those of which nothing else can be read."""
    rows = (each.row for each in listed)
    return tuple(Witness(row.id, row.at) for row in rows if row.at is not None)


def readable(listed: Iterable[Listed]) -> tuple[Listed, ...]:
    """Return the rows that can be read."""
    return tuple(each for each in listed if each.row.odd is None)


def undated(listed: Iterable[Listed]) -> tuple[Listed, ...]:
    """Return the rows that have no date, or none that can be read."""
    return tuple(each for each in listed if each.row.at is None)


def unheard_of(
    shown: Iterable[Witness],
    settled: Collection[date],
    times: Callable[[Collection[RecordingId]], Mapping[RecordingId, Collection[datetime | None]]],
) -> tuple[Witness, ...]:
    """Return what is shown of days that are ``settled``, and that the archive knows nothing of.

    ``times`` tells at which times what goes by an id is known.
    """
    late = [*dict.fromkeys(each for each in shown if each.at.date() in settled)]
    known = times({each.id for each in late}) if late else {}
    return tuple(each for each in late if not {each.at, None} & {*known.get(each.id, ())})
