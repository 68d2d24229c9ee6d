"""A window's listing, and what the walks of its pages show until that can be told."""

from collections import defaultdict

from msgspec import Struct, field

from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import SECOND, Window
from archiver.portal.proving.comparing.answer import Answer
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.walk import Listed, PageWalk, RequestBudget, RowKey


class Listing(Struct, frozen=True):
    """What the portal lists for a window, and whether that is proven.

    ``total`` is what the portal said of this window, ``None`` if it never said one thing; ``note``
    says how it was proven, or why it could not be.
    """

    report: Report
    window: Window
    listed: tuple[Listed, ...]
    total: int | None
    walks: int
    proven: bool
    note: str


class WantedWindow(Struct, frozen=True):
    """A window to list, and what is known of it before it is asked for.

    ``asked`` is what to ask for, if that is known, and ``counted`` what another answer said of
    that. A part ``of_more`` is held against what the whole counts.
    """

    report: Report
    window: Window
    asked: Window | None = None
    counted: int | None = None
    of_more: bool = False


class WindowWalks(Struct):
    """What the walks of one window have shown so far; ``asked`` is what is asked for it.

    The portal has shown the ``behaviour`` until now; the ``budget`` is what listing may cost. With
    ``is_vouched`` nothing of it need be said twice, and ``counted`` rows need not. ``unsure`` says
    in words why what was asked may not be what was meant.
    """

    report: Report
    window: Window
    asked: Window | None
    behaviour: PortalBehaviour
    budget: RequestBudget
    counted: int | None = None
    is_vouched: bool = False
    seen: dict[RowKey, Listed] = field(default_factory=dict)
    by_total: defaultdict[int, dict[RowKey, Listed]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    total: int | None = None
    walks: int = 0
    doubts: dict[frozenset[RowKey], str] = field(default_factory=dict)
    unsure: str = ""

    @property
    def first(self) -> PageQuery:
        """What asks for the first page."""
        return PageQuery.first(self.report, self.asked)

    def join(self, walked: PageWalk) -> None:
        """Take in what one more walk showed."""
        self.walks += 1
        self.unsure = self.unsure or walked.doubt
        self.seen |= walked.listed
        if walked.total is not None:
            self.total = walked.total
        if walked.total is not None and walked.counts:
            self.by_total[walked.total] |= walked.listed

    def answer(self, walked: PageWalk) -> Answer | None:
        """Return what the walks agree on: as many rows as one total, or all that there are.

        It is what the last walk added to, or where the portal gives no total, the last walk itself,
        unless that showed a row twice: another may have come not at all.
        A total of nothing beside rows is none: no walk counted to it, as none ever can.
        """
        if self.asked is None or not walked.listed:
            return None
        if walked.said.totals:
            rows = self.by_total.get(walked.total or 0, {})
            is_whole = bool(rows) and len(rows) == walked.total
        else:
            rows, is_whole = walked.listed, walked.ended and not walked.doubled
        answer = Answer(self.report, self.asked, rows, walked.total, walked.is_flat)
        return answer if is_whole else None

    def stands_alone(self, walked: PageWalk) -> bool:
        """Whether one page alone says what a walk came to.

        Rows without a total are held against other answers in any case.
        """
        is_counted = bool(walked.said.totals) and self.counted == walked.total
        has_more = len(walked.said.totals) > 1 or (bool(walked.listed) and not walked.said.totals)
        return not (self.is_vouched or is_counted or has_more)

    @property
    def ids(self) -> set[RecordingId]:
        """The ids of all rows that were seen."""
        return {listed.row.id for listed in self.seen.values()}

    @property
    def chosen(self) -> dict[RowKey, Listed]:
        """The rows of the window; one without a time may be one of them."""
        return {
            key: listed
            for key, listed in self.seen.items()
            if listed.row.at is None or listed.row.at in self.window
        }

    @property
    def count(self) -> int | None:
        """How many rows the window has by the portal's total of what was asked for."""
        if self.total is None or self.asked is None:
            return None
        if self.asked.without(self.window.grown(SECOND)):
            return None
        return max(0, self.total - (len(self.seen) - len(self.chosen)))

    def settled(self, note: str, *, proven: bool) -> Listing:
        """Return the listing; what no row's time can show to lie in the window is not proven."""
        if proven and self.seen and all(listed.row.at is None for listed in self.seen.values()):
            note, proven = f"{note}; but no row has a time that can be read", False
        if self.unsure:
            note, proven = f"{note}; but {self.unsure}", False
        listed = tuple(self.chosen.values())
        return Listing(self.report, self.window, listed, self.count, self.walks, proven, note)
