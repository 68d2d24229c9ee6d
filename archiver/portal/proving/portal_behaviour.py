"""What a run has learned of its portal: what of a filter it honours, and what it believes."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import IntEnum

from msgspec import Struct, field

from archiver.domain.recordings import RecordingId
from archiver.domain.times.window import SECOND, Window
from archiver.portal.proving.page_query import FilterForm
from archiver.portal.proving.witnesses import Witness, Witnesses


class Honoured(IntEnum):
    """What of the filter this portal has been seen to honour, from nothing to times of day."""

    NOTHING = 0
    DAYS = 1
    TIMES = 2


class PortalBehaviour(Struct):
    """What a run has learned of its portal; it only ever gets worse.

    ``pages_work`` is ``False`` once a second page repeated the first, and ``in_one`` tells that it
    did so for an answer that has no pages at all. ``believed`` holds the forms of filter that
    listed one of the ``witnesses``: only their empty answers mean anything. ``tested`` are those
    that were asked for a row by its own time, and listed it. ``is_silent`` tells that the last
    answer had nothing. ``most`` is the greatest count of each form that the
    portal gave twice at least: no limit cuts what is smaller. ``most_once`` is the greatest that it
    gave at all, which may be wrong. ``everything`` is how many rows of each day the last walk
    without a filter showed that another agreed with. ``strays`` came for a window in which they do
    not lie, or before theirs was ``begun``: what was proven without one of them lacks it. Days of
    which it is ``seen_behind`` showed what the next day begins with.
    ``stands_at`` is the last second before the run began: rows up to it cannot multiply.
    """

    stands_at: datetime
    filter_support: Honoured = Honoured.TIMES
    pages_work: bool | None = None
    in_one: bool = False
    believed: set[FilterForm] = field(default_factory=set)
    tested: set[FilterForm] = field(default_factory=set)
    is_silent: bool = False
    most: dict[FilterForm, int] = field(default_factory=dict)
    most_once: dict[FilterForm, int] = field(default_factory=dict)
    everything: Mapping[date, int] = field(default_factory=dict)
    witnesses: Witnesses = field(default_factory=Witnesses)
    strays: set[Witness] = field(default_factory=set)
    begun: set[date] = field(default_factory=set)
    seen_behind: set[date] = field(default_factory=set)

    def believe(self, form: FilterForm, ids: Collection[RecordingId]) -> None:
        """Take in what this form of filter listed; nothing is a silence, until more comes."""
        self.is_silent = not ids
        if self.witnesses.hear(ids):
            self.believed.add(form)

    def distrust(self, form: FilterForm, strays: Collection[Witness] = ()) -> None:
        """Note that this form of filter is not honoured, as by ``strays`` that it listed."""
        self.strays.update(strays)
        still = Honoured.DAYS if form is FilterForm.TIMES else Honoured.NOTHING
        self.filter_support = min(self.filter_support, still)

    def begin(self, window: Window, shown: Collection[Witness]) -> None:
        """Note that a window is listed from now on, and what was ``shown`` before."""
        self.note_shown(shown)
        self.begun.update(window.each_day())

    def note_shown(self, shown: Collection[Witness]) -> None:
        """Note what was shown that is no listing's: it must be listed when its own day is.

        What is shown of a day that was listed already may have come since.
        """
        self.strays.update(each for each in shown if each.at.date() not in self.begun)

    def can_ask(self, window: Window) -> bool:
        """Whether the portal honours the filter that this very window needs."""
        needed = Honoured.DAYS if window.is_whole_days else Honoured.TIMES
        return self.filter_support >= needed

    def can_cut(self, window: Window) -> bool:
        """Whether the window can be cut into smaller ones that the portal honours."""
        finest = 1 if self.filter_support is Honoured.TIMES else 86_400
        return self.can_ask(window) and window.seconds > finest

    def askable(self, window: Window) -> Window | None:
        """Return the smallest window to ask for that holds this one; ``None`` is everything.

        It reaches to the second behind, where times of day can be asked for: rows in the fractions
        of a last second lie there. It begins a second before: a filter may begin behind its moment.
        """
        if self.filter_support is Honoured.TIMES:
            return window.grown(SECOND)
        return window.widened if self.filter_support is Honoured.DAYS else None

    def parts(self, window: Window, count: int) -> tuple[Window, ...]:
        """Cut a window in as many parts as can be listed each for itself; none if it can't be.

        Where only dates are honoured they are its days, however many.
        """
        match self.filter_support:
            case Honoured.TIMES:
                parts = window.cut(count)
            case Honoured.DAYS:
                parts = window.by_day()
            case _:
                parts = ()
        return parts if len(parts) > 1 else ()

    def note_said(self, form: FilterForm, count: int) -> None:
        """Note a count that the portal gave for a window: of two, the smaller is sure."""
        once = self.most_once.get(form, 0)
        self.note_sure(form, min(count, once))
        self.most_once[form] = max(count, once)

    def note_sure(self, form: FilterForm, count: int) -> None:
        """Note a count that more than one answer gives."""
        self.most[form] = max(count, self.most.get(form, 0))
