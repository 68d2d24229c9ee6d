"""What earlier runs left: entered where it is whole, set aside where nothing tells of it."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct

from archiver.concurrency.stop import check_not_stopped
from archiver.domain.layout import recording_of, safe_id
from archiver.domain.outcomes import Outcome
from archiver.domain.quantities import counted
from archiver.filters.filters import Filters, Standing
from archiver.manifest.state import RecordingState, apply_entry
from archiver.portal.proving.window_listing import Listing
from archiver.pull import events
from archiver.pull.run_context import RunContext
from archiver.pull.stored.held_check import HeldCheck
from archiver.pull.stored.orphans import OrphanedPair, Orphans
from archiver.removal.making_way import set_aside

ERASED_THERE = "files of erased recordings lie there again: archiver erase --finish removes them"

if TYPE_CHECKING:
    from archiver.domain.recordings import RecordingId


class Adoption(Struct, frozen=True):
    """Deals with the orphans that other runs left; used from one thread."""

    run: RunContext
    orphans: Orphans
    held_check: HeldCheck

    def adopt(self, listing: Listing) -> None:
        """Enter what earlier runs stored whole of the listing's days and could not enter."""
        days = {each.row.at.date() if each.row.at else None for each in listing.listed}
        latest: dict[RecordingId, RecordingState] = {}
        for pair in self._left({*days, *listing.window.each_day(), None}):
            before = latest.get(pair.told.id) or self.run.catalog.recordings.get(pair.told.id)
            if before and before.outcome is Outcome.ERASED:
                self.run.ledger.counts.doubt(ERASED_THERE)
                continue
            entry, is_new = self.run.ledger.adopt(pair, before)
            self.run.announce(events.Adopted(entry, is_new))
            latest[entry.id] = apply_entry(before, entry)
            self.run.ledger.write_if_due()
        if latest:
            self.run.ledger.write()
        if self._erased(self.orphans.unused()):
            self.run.ledger.counts.doubt(ERASED_THERE)

    def _left(self, days: set[date | None]) -> Iterator[OrphanedPair]:
        """Yield what was left whole of these days, until asked to stop."""
        for day in sorted(days, key=lambda day: day or date.min):
            check_not_stopped(self.run.stop_requested)
            yield from self.orphans.pairs([day])

    def set_strays_aside(self) -> None:
        """Set aside what earlier runs left and this one had no use for.

        Where others may be writing at this moment it may be theirs, and stays.
        """
        if not self.run.store.capabilities.has_one_writer:
            return
        unused = self.orphans.unused()
        named = self.held_check.naming(unused)
        if named:
            self.held_check.correct()
        stays = {*named, *self._erased(unused)}
        aside = [set_aside(self.run.store, key) for key in unused if key not in stays]
        if aside:
            self.run.announce(
                events.Noticed(
                    f"{counted(len(aside), 'file')} that an earlier run left and nothing tells of "
                    f"{'was' if len(aside) == 1 else 'were'} set aside, such as {aside[0]}"
                )
            )

    def _erased(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of these files that are of erased recordings: set aside, they would stay."""
        if not keys:
            return frozenset()
        every = self.run.catalog.filtered.matching(Filters(standings=(Standing.ERASED,)))
        erased = {safe_id(each.id) for each in every}
        return frozenset(key for key in keys if recording_of(key) in erased)
