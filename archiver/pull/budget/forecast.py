"""What a long run will come to, by the first page of its listing. Pure."""

from archiver.portal.wire.answers import Page
from archiver.pull.events import Forecast

LONG = 14
"""A run over more days than this says beforehand what it will come to, the first or not."""
PACED_AFTER = 5
"""After so many days its pace is known: the first of its old ones has been listed as well."""
DOUBTS = 2
"""What is listed on one page, or nowhere, is asked for again so many times."""
DAYS_A_CLOCK_TEST = 5
"""Once in so many days it is asked by which clock the filter goes."""
BYTES_A_SECOND_OF_AUDIO = 4_000
"""What a second of telephone audio takes at 32 kbit/s."""


def audio_bytes(length_ms: int) -> int:
    """Return about how many bytes audio of that length takes."""
    return length_ms * BYTES_A_SECOND_OF_AUDIO // 1_000


def forecast(days: int, page: Page, interval_s: float, reports: int, free: int | None) -> Forecast:
    """Return what so many days of so many reports come to, with so many bytes ``free``.

    A listing is a request a day and one for every further page, of each report alike, and
    :data:`DOUBTS` more for a day of one page or none. So many days have more as the rows fill
    pages. Now and then the filter's clock is asked for. The first few requests alone come faster
    than the limit lets the others.
    """
    lengths = [row.reported_ms for row in page.rows if row.reported_ms]
    mean_ms = sum(lengths) // len(lengths) if lengths else 0
    count = page.said
    pages = count // max(1, page.per_page)
    short = max(0, days - pages)
    requests = (days + days // DAYS_A_CLOCK_TEST + pages + DOUBTS * short) * reports
    return Forecast(days, count, audio_bytes(count * mean_ms), requests * interval_s, free)


def rest_s(done: int, left: int, seconds: float, requests: int, interval_s: float) -> float:
    """Return how long the windows that are ``left`` will take, where ``done`` took ``seconds``.

    They take as many ``requests`` each as those did, which come ``interval_s`` apart: what was
    done first was done while they came faster.
    """
    return left / done * max(seconds, requests * interval_s)
