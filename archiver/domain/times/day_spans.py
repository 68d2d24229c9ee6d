"""Days in words: those that follow each other as one span. Pure."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from archiver.domain.quantities import counted

SHOWN = 9


def day_spans(days: Sequence[date]) -> str:
    """Return days, the oldest first, as spans.

    >>> day_spans([date(2026, 11, 22), date(2026, 11, 24), date(2026, 11, 25)])
    '2026-11-22, 2026-11-24 to 2026-11-25'
    """
    runs = [
        [day for _, day in run]
        for _, run in groupby(enumerate(days), lambda each: each[1].toordinal() - each[0])
    ]
    spans = [f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    more = f" and {counted(len(spans) - SHOWN, 'more span')}" if len(spans) > SHOWN else ""
    return ", ".join(spans[:SHOWN]) + more
