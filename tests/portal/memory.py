"""A portal of values: answers asks with pages out of a list of rows, and can misbehave."""

from datetime import datetime, timedelta
from random import Random

from msgspec import Struct, field

from archiver.domain.recordings import RecordingId, Row
from archiver.domain.times.window import SECOND, Window
from archiver.portal.proving.page_query import FilterForm, PageQuery
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.witnesses import Witness, Witnesses
from archiver.portal.wire.answers import AnswerShape, Page

NOW = datetime(2021, 4, 20, 12)  # noqa: DTZ001 - the portal's own clock has no zone
STANDING = timedelta(seconds=5)
MOST_ASKS = 2_000


class Moods(Struct, frozen=True):
    """How a portal misbehaves; off unless said.

    ``arrivals``, ``backdated`` and ``departures`` happen so many times, one after each page:
    rows of now, rows of the days asked for, and rows that vanish. ``limit`` cuts every answer to
    its newest rows, and its total with them; ``limit_of_rows`` cuts the rows, ``limit_of_totals``
    the totals alone. ``no_total`` leaves total and last page out. ``shift`` moves the filter, and
    ``edge_again`` shows the last row of each page once more on the next, in place of one.
    """

    arrivals: int = 0
    backdated: int = 0
    departures: int = 0
    first_page_again: bool = False
    last_page_again: bool = False
    blind_to_times: bool = False
    times_as_now: bool = False
    dates_as_now: bool = False
    unfiltered: bool = False
    total_off: int = 0
    empty_with_total: int | None = None
    last_off: int = 0
    limit: int | None = None
    limit_of_rows: int | None = None
    limit_of_totals: int | None = None
    no_total: bool = False
    oldest_first: bool = False
    flat_pages: bool = False
    shape: AnswerShape = AnswerShape.NESTED
    shuffled_ties: bool = False
    edge_again: bool = False
    undated: bool = False
    shift: timedelta = timedelta()
    per_page: int = 15


class Portal(Struct):
    """Rows by id, and a clock that goes on by a second at each request."""

    rows: dict[RecordingId, datetime]
    moods: Moods = field(default_factory=Moods)
    seed: int = 1
    now: datetime = NOW
    asks: list[PageQuery] = field(default_factory=list)
    vanished: set[RecordingId] = field(default_factory=set)
    came: set[RecordingId] = field(default_factory=set)

    def behaviour(self, held: tuple[Witness, ...] = ()) -> PortalBehaviour:
        """Begin a run of an archive that holds these."""
        stands_at = self.now - STANDING
        past = {id_: at for id_, at in self.rows.items() if at <= stands_at}
        shown = () if self.moods.undated else tuple(Witness(*each) for each in past.items())
        return PortalBehaviour(stands_at, witnesses=Witnesses(held, shown, not self.rows))

    def within(self, window: Window) -> set[RecordingId]:
        """Return what is there now in a window."""
        return {id_ for id_, at in self.rows.items() if at in window}

    def fetch(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        """Answer, one ask after the other."""
        return tuple(self._answer(ask) for ask in asks)

    def _answer(self, ask: PageQuery) -> Page:
        self.asks.append(ask)
        if len(self.asks) > MOST_ASKS:
            raise AssertionError("this goes on for ever")
        random = Random(f"{self.seed}-{len(self.asks)}")
        self.now += SECOND
        found = self._ordered(self._understood(ask), random)
        page = self._page(found, ask.page)
        self._live_on(random, ask)
        return page

    def _understood(self, ask: PageQuery) -> Window | None:
        moods, now = self.moods, Window(self.now, self.now)
        if ask.window is None or moods.unfiltered:
            return None
        if moods.dates_as_now or (moods.times_as_now and ask.form is FilterForm.TIMES):
            return now
        window = ask.window.widened if moods.blind_to_times else ask.window
        return Window(window.first + moods.shift, window.last + moods.shift)

    def _ordered(self, window: Window | None, random: Random) -> list[RecordingId]:
        """Return the ids newest first; ties by id, or by chance.

        The ends of a window are moments: a row in the fractions of its last second lies behind it.
        """
        found = [
            id_
            for id_, at in self.rows.items()
            if window is None or window.first <= at <= window.last
        ]
        found.sort()
        if self.moods.shuffled_ties:
            random.shuffle(found)
        found.sort(key=self.rows.__getitem__, reverse=not self.moods.oldest_first)
        return found[: self.moods.limit]

    def _page(self, found: list[RecordingId], number: int) -> Page:
        moods = self.moods
        size, total = moods.per_page, len(found) + moods.total_off
        total = min(total, moods.limit_of_totals or total)
        found = found[: moods.limit_of_rows]
        last = max(1, -(-len(found) // size))
        if moods.first_page_again:
            number = 1
        if moods.last_page_again:
            number = min(number, last)
        served = found[(number - 1) * size : number * size]
        if moods.edge_again and number > 1 and served:
            served = [found[(number - 1) * size - 1], *served[1:]]
        if moods.shape is AnswerShape.FLAT:
            served = served if moods.flat_pages else found
            return Page(tuple(map(self._row, served)), AnswerShape.FLAT)
        if moods.empty_with_total is not None:
            served, total = [], moods.empty_with_total
        last = max(1, last + moods.last_off)
        rows = tuple(map(self._row, served))
        if moods.no_total:
            return Page(rows, moods.shape, per_page=size)
        return Page(rows, moods.shape, last, max(0, total), size)

    def _row(self, id_: RecordingId) -> Row:
        at = None if self.moods.undated else self.rows[id_].replace(microsecond=0)
        return Row(id_, at, 5_000, None, {"id": id_})

    def _live_on(self, random: Random, ask: PageQuery) -> None:
        moods, turn = self.moods, len(self.asks)
        if turn <= moods.arrivals:
            self._arrive(self.now, f"new-{turn:04}")
        if turn <= moods.backdated and ask.window is not None:
            span = Window(ask.window.first, min(ask.window.last, self.now))
            self._arrive(span.first + random.randrange(span.seconds) * SECOND, f"late-{turn:04}")
        if turn <= moods.departures and self.rows:
            gone = random.choice(sorted(self.rows))
            del self.rows[gone]
            self.vanished.add(gone)

    def _arrive(self, at: datetime, name: str) -> None:
        self.rows[RecordingId(name)] = at
        self.came.add(RecordingId(name))


def filled(times: list[datetime], moods: Moods | None = None, seed: int = 1) -> Portal:
    """Return a portal with a row at each of ``times``."""
    rows = {RecordingId(f"row-{n:04}"): at for n, at in enumerate(times)}
    return Portal(rows, moods or Moods(), seed)
