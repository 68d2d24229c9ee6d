"""Every fault at once that a portal may have for a moment and the next request need not meet.

>>> storm(0.05).listing.arrivals
10
"""

from msgspec.structs import replace

from archiver.sandbox.faults import (
    ALWAYS,
    Faults,
    ListingFaults,
    PageFaults,
    Passing,
    Trouble,
    Troubled,
)

_SLOW_PIECE = 500
_SLOW_INTERVAL = 0.02
_ARRIVALS = 10
_HTML = b"<!DOCTYPE html><html><body><h1>Be right back</h1></body></html>\n"
_NONE = Faults()
_REPORTS = (
    Faults(pages=PageFaults(errors=ALWAYS)),
    Faults(pages=PageFaults(errors=ALWAYS, error_status=429), retry_after="0"),
    Faults(pages=PageFaults(failed_under_200=True)),
    Faults(pages=PageFaults(cut=ALWAYS)),
    Faults(pages=PageFaults(reset=ALWAYS)),
    Faults(pages=PageFaults(body=_HTML)),
    Faults(listing=ListingFaults(empty_total=7)),
    Faults(listing=ListingFaults(total_off=1)),
    Faults(listing=ListingFaults(total_off=-1)),
    Faults(listing=ListingFaults(first_page_again=True)),
    Faults(listing=ListingFaults(shuffled_ties=True)),
    Faults(listing=ListingFaults(next_page_host="elsewhere.example")),
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
        listing=replace(beside.listing, arrivals=beside.listing.arrivals + _ARRIVALS),
    )
