"""Every fault at once that a portal may have for a moment and the next request need not meet.

>>> storm(0.05).arrivals
10
"""

from dataclasses import replace

from archiver.sandbox.faults import ALWAYS, Faults, Passing, Trouble, Troubled

_SLOW_PIECE = 500
_SLOW_INTERVAL = 0.02
_ARRIVALS = 10
_HTML = b"<!DOCTYPE html><html><body><h1>Be right back</h1></body></html>\n"
_NONE = Faults()
_REPORTS = (
    Faults(page_errors=ALWAYS),
    Faults(page_errors=ALWAYS, page_error_status=429, retry_after="0"),
    Faults(failed_under_200=True),
    Faults(pages_cut=ALWAYS),
    Faults(pages_reset=ALWAYS),
    Faults(page_body=_HTML),
    Faults(empty_total=7),
    Faults(total_off=1),
    Faults(total_off=-1),
    Faults(first_page_again=True),
    Faults(shuffled_ties=True),
    Faults(next_page_host="elsewhere.example"),
)


def storm(share: float, beside: Faults = _NONE) -> Faults:
    """Return faults that ``share`` of the downloads and of the report requests meet, in all.

    Each kind is as likely as any other. A few recordings arrive between pages as well. What is
    ``beside`` stays on.
    """
    downloads, reports = share / len(Trouble), share / len(_REPORTS)
    media = (
        Troubled(each, share=downloads, piece=_SLOW_PIECE, interval=_SLOW_INTERVAL)
        for each in Trouble
    )
    return replace(
        beside,
        media=(*beside.media, *media),
        passing=(*beside.passing, *(Passing(each, reports) for each in _REPORTS)),
        arrivals=beside.arrivals + _ARRIVALS,
    )
