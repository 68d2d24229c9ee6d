"""What ``get`` brings out of an archive: all that it has of a request, and a word on the rest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from archiver.cli.download.choice import SHOWN, choose, named
from archiver.errors import ExitCode, Missing

if TYPE_CHECKING:
    from archiver.catalog import Catalog
    from archiver.cli.download.output_files import Target
    from archiver.domain.window import Window
    from archiver.get.archived import Archived, SearchAnswer
    from archiver.manifest.model import ArchivedFile
    from archiver.store.base import Store

ASK = "--from-portal asks the portal for what the archive has not."


@dataclass(frozen=True, slots=True)
class Answered:
    """What the archive answered; unless that is all, the portal is asked, for ids those left."""

    code: ExitCode
    is_all: bool
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchiveReader:
    """An archive that is asked, and where what it gives is saved.

    One ``with_calls`` is filled from the call log as well: a call may have audio of its own.
    """

    store: "Store"
    catalog: "Catalog"
    target: "Target"
    with_calls: bool

    def by_id(self, ids: Sequence[str]) -> Answered:
        """Give what there is audio of; the other ids are left for the portal."""
        from archiver.cli.screen.console import emit
        from archiver.get.archived import by_id, whole

        ids = whole(self.catalog, ids)
        answer = by_id(self.catalog, ids)
        for each in answer.absent:
            emit(f"{_line(each)} The portal is asked.")
        given = {each.id for each in answer.given}
        left = tuple(id_ for id_ in ids if id_ not in given)
        return Answered(self._give(answer.given), not left, left)

    def matching(
        self, given: Mapping[str, Any], window: "Window | None", *, take_all: bool
    ) -> Answered:
        """Give what matches; where the archive knows of nothing that does, the portal may."""
        from archiver.cli.screen.console import emit
        from archiver.get.archived import matching

        answer = matching(self.catalog, given["number"], given["agent"], window)
        found = len(answer.given) + len(answer.absent)
        may_match = _tell_untold(answer)
        if not found:
            return Answered(may_match, is_all=False)
        emit(f"The archive knows {found} that match; the portal was not asked.")
        left_out = max(may_match, self._tell_what_is_left_out(answer, window))
        if left_out is not ExitCode.CLEAN:
            emit(ASK)
        chosen = choose(answer.given, take_all=take_all)
        is_all = len(chosen) == len(answer.given)
        return Answered(
            max(self._give(chosen), left_out if is_all else ExitCode.CLEAN), is_all=True
        )

    def _tell_what_is_left_out(self, answer: "SearchAnswer", window: "Window | None") -> ExitCode:
        """Name what can't be given, and the days of which there may be more."""
        from archiver.cli.screen.console import emit

        for each in answer.absent:
            emit(_line(each))
        days = self._not_listed_whole(window.each_day() if window else ())
        for day in days:
            emit(f"{self._why_not(day)} {day}: there may be more.")
        return ExitCode.FINDINGS if answer.absent or days else ExitCode.CLEAN

    def _not_listed_whole(self, days: Iterable[date]) -> list[date]:
        """Return the days of which the archive can't know that it knows every recording.

        One proven listing is enough, as it is for a run, but not of a time when rows still came.
        """
        from archiver.domain.recordings import Report

        reports = [*Report] if self.with_calls else [Report.RECORDINGS]
        known = self.catalog.days
        return [day for day in days if not all(known.is_whole(each, day) for each in reports)]

    def _why_not(self, day: date) -> str:
        from archiver.domain.recordings import Report

        known, doubtful = self.catalog.days, self.catalog.days.doubtful_listings(day)
        unproven = {each.report for each in doubtful}
        if known.is_whole(Report.RECORDINGS, day):
            return "Calls may have audio of their own, and the archive has no proven call log of"
        if known.was_listed(Report.RECORDINGS, day) and Report.RECORDINGS not in unproven:
            return "Recordings may have come after the archive last listed"
        return "The archive has no proven listing of all of"

    def _give(self, chosen: Sequence["Archived"]) -> ExitCode:
        """Copy recordings out of the archive, checking each against the hash in its manifest."""
        self.target.check(len(chosen))
        return max(map(self._save, chosen), default=ExitCode.CLEAN)

    def _save(self, match: "Archived") -> ExitCode:
        from archiver.cli.screen.console import emit, printable

        if match.audio is None:
            raise AssertionError("only what there is audio of is given")
        place = self._copy(match, match.audio)
        if place is None:
            emit(f"{named(match.id)} is not as it was archived; nothing was written.")
            emit("Run archiver verify, and restore it from a copy, or ask with --from-portal.")
            return ExitCode.FINDINGS
        if not match.is_good:
            emit(f"{place}  from the archive's quarantine, unchanged: {match}")
            for reason in match.known.reasons:
                emit(f"  {printable(reason)}")
            emit("  --from-portal asks whether the portal has better now.")
            return ExitCode.FINDINGS
        emit(f"{place}  from the archive, unchanged")
        if match.refused is not None:
            emit(f"  A newer version of it was refused: {match.refused.path} in the archive.")
        for reason in match.doubts:
            emit(f"  It is a finding: {printable(reason)}")
        return ExitCode.FINDINGS if match.doubts else ExitCode.CLEAN

    def _copy(self, match: "Archived", audio: "ArchivedFile") -> str | None:
        """Copy the bytes that the chain names; ``None`` where they are not there any more."""
        from archiver.domain.layout import parse, stem
        from archiver.pull.stored.orphans import hash_of

        name = parse(audio.path)
        with self.target.draft() as draft:
            try:
                is_whole = hash_of(self.store, audio.path, draft.file) == audio.sha256
            except Missing:
                is_whole = False
            if name is None or not is_whole:
                return None
            marked = "" if match.is_good else ".quarantined"
            return self.target.keep(draft, stem(match.id, match.at) + marked, name.extension)


def _tell_untold(answer: "SearchAnswer") -> ExitCode:
    """Name what may match as well: no sidecar tells its numbers and its agent."""
    from archiver.cli.screen.console import emit

    if not answer.untold:
        return ExitCode.CLEAN
    count = len(answer.untold)
    emit(f"Of {count} in the archive no sidecar tells numbers and agent: any of them may match.")
    for each in answer.untold[:SHOWN]:
        emit(f"  {named(each.id)} ({each.at or 'no time'}): {each}")
    if count > SHOWN:
        emit(f"  and {count - SHOWN} more: with --day there are fewer.")
    return ExitCode.FINDINGS


def _line(match: "Archived") -> str:
    """Say why there is no audio of a recording."""
    from archiver.cli.screen.console import printable

    reason = f" ({printable(match.known.reasons[0])})" if match.known.reasons else ""
    when = match.at or "no time"
    return f"{named(match.id)} ({when}): {match}{reason}. The archive has no audio of it."


def portal_now(store: "Store", utc_offset: int | None) -> tuple[datetime, int]:
    """Return the portal's wall clock and its minutes east of UTC, as the archive knows them."""
    offset = recorded_offset(store) if utc_offset is None else utc_offset
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=offset), offset


def recorded_offset(store: "Store") -> int:
    """Return how many minutes east of UTC the portal was, by the newest manifest that says so."""
    from archiver.manifest.journal import Journal

    journal = Journal(store)
    head = journal.head()
    for number in range(head.number if head else 0, 0, -1):
        _head, manifest = next(journal.manifests(after=number - 1))
        offsets = [window.utc_offset_minutes for window in manifest.windows]
        known = [minutes for minutes in offsets if minutes is not None]
        if known:
            return known[-1]
    return 0
