"""What the archive knows of the certificates of portal days, and of what they stand on."""

from collections.abc import Collection
from datetime import date

from archiver.catalog.days.settlement import AGREED_IDS, LAST_LISTING, LISTED_WHOLE
from archiver.catalog.questions.asker import Questions
from archiver.catalog.questions.days.known_days import listed_of
from archiver.catalog.questions.recording_states import file_of
from archiver.catalog.recording_rows import day_text
from archiver.domain.expectation import GapKind
from archiver.domain.recordings import RecordingId, Report, id_text
from archiver.domain.times.window import beside
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.records.listings import ListedDay

Row = tuple[object, ...]
_UNDATED = ""
_CURRENT = (
    "SELECT 1 FROM certificates AS c LEFT JOIN reviewed AS r ON r.day = c.day"
    " WHERE c.day = ? AND ifnull(r.stands OR r.manifest < c.manifest, 1)"
    " AND max(c.manifest, ifnull(r.manifest, 0)) >="
    " (SELECT ifnull(max(manifest), 0) FROM touched WHERE day IN (c.day, ''))"
)
"""What was looked at since and closed no more is not current, whichever day that came from."""


class CertifiedDays(Questions):
    """Questions about certificates."""

    def certificate(self, day: date) -> ArchivedFile | None:
        """Return the newest certificate of a day, ``None`` where it has none."""
        question = "SELECT path, bytes, sha256, version FROM certificates WHERE day = ?"
        return next(self._asker.each(file_of, question, day_text(day)), None)

    def is_current(self, day: date) -> bool:
        """Whether a day has a certificate, and no manifest has named something of it since.

        Nor something without a time. What was looked at since, still closed and was the same is
        current.
        """
        return any(self._asker.rows(_CURRENT, day_text(day)))

    def all(self) -> frozenset[date]:
        """Return every day that has a certificate."""
        return frozenset(self._asker.each(_day, "SELECT day FROM certificates"))

    def accepted_gaps(self, day: date | None) -> frozenset[tuple[GapKind, RecordingId]]:
        """Return what of a day does not add up, and a person has accepted."""
        question = "SELECT gap, id FROM accepted_gaps WHERE day = ?"
        return frozenset(self._asker.each(_gap, question, day_text(day)))

    def last_listing(self, report: Report, day: date) -> ListedDay | None:
        """Return what the last run that has ended listed of a day, be it proven or not."""
        return next(self._asker.each(listed_of(day), LAST_LISTING, report, day_text(day)), None)

    def whole_listing(self, report: Report, day: date) -> ListedDay | None:
        """Return the last listing of a day if two runs agree on it: proven, and nothing missing.

        What a person accepted without proof is none.
        """
        return next(self._asker.each(listed_of(day), LISTED_WHOLE, report, day_text(day)), None)

    def agreed_ids(self, report: Report, day: date) -> str | None:
        """Return the digest of the ids that two runs agreed on, whatever was listed of a day since.

        Rows go when the provider keeps them no longer: what was proven stays so.
        """
        agreed = self._asker.rows(AGREED_IDS, report, day_text(day))
        return next((str(sha256) for (sha256,) in agreed), None)

    def to_review(self, settled: Collection[date], rules: str) -> tuple[date, ...]:
        """Return which settled days are to be looked at, as a certificate may be due; oldest first.

        A day that has a certificate is looked at again when a manifest has named something of it,
        or of the days beside it; one that has none also when the ``rules`` are others.
        """
        newest_of = self._asker.rows("SELECT day, manifest FROM touched")
        touched = {str(day): int(str(number)) for day, number in newest_of}
        reviewed = {
            str(day): (int(str(number)), rules == told)
            for day, number, told in self._asker.rows("SELECT day, manifest, rules FROM reviewed")
        }
        certified = self.all()

        def is_due(day: date) -> bool:
            newest = max(touched.get(each, 0) for each in _near(day))
            number, is_same = reviewed.get(day_text(day), (0, True))
            return number < newest or not (is_same or day in certified)

        return tuple(filter(is_due, sorted(settled)))


def _near(day: date) -> tuple[str, ...]:
    """Return the days of which something may change what a day's certificate says."""
    return (_UNDATED, *map(day_text, (day, *beside(day))))


def _day(row: Row) -> date:
    return date.fromisoformat(str(row[0]))


def _gap(row: Row) -> tuple[GapKind, RecordingId]:
    return GapKind(str(row[0])), id_text(row[1])
