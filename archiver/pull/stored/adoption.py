"""What earlier runs left: entered where it is whole, set aside where nothing tells of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from archiver.concurrency.stop import check_not_stopped
from archiver.domain.quantities import counted
from archiver.manifest.state import RecordingState, apply_entry
from archiver.portal.proving.window_listing import Listing
from archiver.pull import events
from archiver.pull.run_context import RunContext
from archiver.pull.stored.held_check import HeldCheck
from archiver.pull.stored.orphans import OrphanedPair, Orphans
from archiver.removal.making_way import set_aside

if TYPE_CHECKING:
    from archiver.domain.recordings import RecordingId


@dataclass(frozen=True, slots=True)
class Adoption:
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
            entry, is_new = self.run.ledger.adopt(pair, before)
            self.run.announce(events.Adopted(entry, is_new))
            latest[entry.id] = apply_entry(before, entry)
            self.run.ledger.write_if_due()
        if latest:
            self.run.ledger.write()

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
        aside = [set_aside(self.run.store, key) for key in unused if key not in named]
        if aside:
            self.run.announce(
                events.Noticed(
                    f"{counted(len(aside), 'file')} that an earlier run left and nothing tells of "
                    f"{'was' if len(aside) == 1 else 'were'} set aside, such as {aside[0]}"
                )
            )
