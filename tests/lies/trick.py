"""A lie, and the register of all that can be told.

A :class:`Trick` bends what is shown on some nights, or does something to the machine before a
night's run. ``number`` says which kind of defect it looks for (docs/threat-model.md). What nobody
could see is told by ``unseen``: the recordings whose loss, or whose wrong audio, it hides from
everyone; ``alone`` are those of which it does so until another has the same audio.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from msgspec import Struct

from tests.lies.archive import Archive
from tests.lies.portal import Show
from tests.lies.truth import Recording, Truth

NOBODY: frozenset[str] = frozenset()


class Trick(Struct, frozen=True):
    """One lie, told on ``nights``.

    ``bend`` makes the night's show of an honest one. ``meddle`` is done before the night's run.
    ``words`` are options of that run. ``clock_off`` is how wrong the machine's clock is then.
    With ``accepts``, a person accepts what is open after the first of them. ``change`` is no lie:
    it makes the truth a harder one. A run that ``stops`` does so when all is listed, and one with
    ``windows`` has time for so many. On nights of ``rests`` nobody runs the job. After the run of
    any other night, somebody lists so many days from the first on as one window, if that is given.
    """

    name: str
    number: str
    nights: range
    bend: Callable[[Show, datetime], Show] = lambda show, _now: show
    meddle: Callable[[Archive], None] | None = None
    words: tuple[str, ...] = ()
    clock_off: timedelta = timedelta()
    kills: bool = False
    accepts: bool = False
    stops: bool = False
    windows: int | None = None
    rests: range = range(0)
    lists: int = 0
    change: Callable[[Truth], Truth] = lambda truth: truth
    unseen: frozenset[str] = NOBODY
    alone: frozenset[str] = NOBODY

    def __str__(self) -> str:
        return f"{self.name} on nights {self.nights.start} to {self.nights.stop - 1}"


Maker = Callable[[Random, Truth], Trick]
TRICKS: dict[str, Maker] = {}


def trick(maker: Maker) -> Maker:
    """Enter a maker of tricks under its name."""
    TRICKS[maker.__name__] = maker
    return maker


def some_nights(random: Random, truth: Truth, most: int | None = None) -> range:
    """Return nights that follow each other, at ``most`` so many."""
    first = random.randrange(truth.nights)
    last = random.randint(first + 1, truth.nights)
    return range(first, min(last, first + most) if most else last)


def some(random: Random, truth: Truth, share: float = 0.4) -> list[Recording]:
    """Return about a share of the recordings, one at least."""
    some = [one for one in truth.recordings if random.random() < share]
    return some or [random.choice(truth.recordings)]


def reports_of(random: Random) -> frozenset[str]:
    """Return which of the reports a lie is told of."""
    return frozenset(
        random.choice((("recordings",), ("recordings", "calls"), ("recordings", "calls")))
    )
