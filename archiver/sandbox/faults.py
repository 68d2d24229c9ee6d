"""The faults that can be switched on, and changed while the sandbox runs.

>>> Faults(listing=ListingFaults(total_off=1), latency=0.5).listing.total_off
1
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct, field

ALWAYS = 1 << 62
"""A count of what happens again and again."""


class Trouble(StrEnum):
    """What can go wrong with one answer of the media server. ``at`` is a fraction of the body."""

    CUT = "cut"
    """The right Content-Length, and the connection closed at ``at``."""
    CUT_UNSIZED = "cut_unsized"
    """HTTP/1.0 without a length, closed at ``at``: looks complete."""
    CUT_CHUNKED = "cut_chunked"
    """Chunked, ended at ``at`` without the last chunk."""
    RESET = "reset"
    """The connection reset (RST) at ``at``."""
    SLOW = "slow"
    """The body from ``at`` on in pieces of ``piece`` bytes, one each ``interval`` seconds."""
    ENDLESS = "endless"
    """HTTP/1.0 without a length, the body over and over until the client hangs up."""
    OVERLONG = "overlong"
    """More bytes than the Content-Length says."""
    GZIP = "gzip"
    """Content-Encoding gzip, though nobody asked for it."""
    GZIP_BOMB = "gzip_bomb"
    """Content-Encoding gzip, 0.5 MB that open to 500 MB."""
    GZIP_CUT = "gzip_cut"
    """Content-Encoding gzip, cut at ``at``, with the length of what is sent."""
    HEADER_FLOOD = "header_flood"
    """10,000 header lines, 300 kB."""
    HTML = "html"
    """An HTML page under status 200."""
    XML = "xml"
    """An S3 error document under status 200."""
    EMPTY = "empty"
    """Status 200 and no bytes."""
    SLOW_DOWN = "slow_down"
    """503 SlowDown."""
    SERVER_ERROR = "server_error"
    """500 InternalError."""
    NOT_FOUND = "not_found"
    """404 NoSuchKey."""
    GONE = "gone"
    """410 Gone."""
    REFUSED = "refused"
    """403 AccessDenied before the link's deadline, as when its signer was revoked."""
    EXPIRED = "expired"
    """403 Request has expired, whatever the clock says."""
    REDIRECT = "redirect"
    """302 to an address of the link-local metadata service."""
    WHOLE_FOR_RANGE = "whole_for_range"
    """Range is ignored: 200 and the whole object."""
    WRONG_RANGE = "wrong_range"
    """206 with another Content-Range, and other bytes, than were asked for."""
    FLIPPED = "flipped"
    """One bit of the body flipped on the way, at ``at``."""
    LYING_ETAG = "lying_etag"
    """The ETag is the MD5 of other bytes."""


class Troubled(Struct, frozen=True):
    """A trouble and whom it strikes.

    The first ``times`` requests for each object (always, when ``None``), only the objects of
    ``keys`` (all, when ``None``), and of these requests a ``share`` chosen by the world's seed.
    """

    trouble: Trouble
    at: float = 0.5
    times: int | None = None
    share: float = 1.0
    keys: frozenset[str] | None = None
    piece: int = 1
    interval: float = 0.5


class FilterFaults(Struct, frozen=True):
    """What the reports' date filter makes of the window asked for."""

    whole_days: bool = False
    """Times of day are not honoured: it widens to whole days."""
    times_unreadable: bool = False
    """A side with a time of day does not parse: it becomes now."""
    dates_unreadable: bool = False
    """No side parses: both become now, and every window is empty."""
    ignored: bool = False
    """Every window is everything."""
    exact_ends: bool = False
    """Its ends are moments: a row in the fractions of its last second is not listed."""


class ListingFaults(Struct, frozen=True):
    """What is wrong with the rows that are listed, their total and their pages."""

    arrivals: int = 0
    """So many recordings arrive, one after each page, at the end of the window asked for."""
    departures: int = 0
    """So many recordings vanish, one after each page: the newest of the window asked for."""
    first_page_again: bool = False
    """Every page is the first."""
    shuffled_ties: bool = False
    """Rows of the same second change places from request to request."""
    total_off: int = 0
    """The total is wrong by this."""
    no_total: bool = False
    """Pages tell neither the total nor the last page."""
    limit: int | None = None
    """Every answer is cut to so many rows, the newest, and its total with it."""
    empty_total: int | None = None
    """Pages are empty, with this total."""
    unseen_reports: frozenset[str] = frozenset()
    """Reports that the token has no right to (any more): they are empty, with a total of 0."""
    unseen_agents: frozenset[str | None] = frozenset()
    """Agents whose recordings the token has no right to (any more): they are not among the rows."""
    next_page_host: str | None = None
    """The host that next_page_url leads to."""


class PageFaults(Struct, frozen=True):
    """What comes in place of a report's page, or of its end."""

    errors: int = 0
    """So many requests are answered with ``error_status``."""
    error_status: int = 500
    """What they are answered with."""
    cut: int = 0
    """So many pages are cut in the middle of their JSON, with the length of what is sent."""
    reset: int = 0
    """In the middle of so many pages the connection is reset (RST)."""
    body: bytes | None = None
    """What every report answers under HTTP 200, in place of JSON that makes sense."""
    failed_under_200: bool = False
    """Every report is a failure under HTTP 200."""
    token_dies_after: int | None = None
    """The token is revoked after so many requests."""


class ClockFaults(Struct, frozen=True):
    """What is wrong with the portal's Date header."""

    skew_seconds: int = 0
    """How far it is ahead of the portal's clock."""
    stands_at: datetime | None = None
    """What it says (aware), whatever the time is."""
    dateless: bool = False
    """It is not sent."""


class Passing(Struct, frozen=True):
    """Faults that a ``share`` of report requests, chosen by the world's seed, meets: no others."""

    faults: "Faults"
    share: float


class Faults(Struct, frozen=True):
    """Every switch, off. Counts are of what happens from the moment they are switched on."""

    media: tuple[Troubled, ...] = ()
    """Troubles of the media server; the first that strikes a request is the one it meets."""
    etags: Literal["md5", "multipart", "none"] = "md5"
    """What an ETag is: the MD5 of the bytes, that of an upload in parts, or not sent."""
    filter: FilterFaults = field(default_factory=FilterFaults)
    listing: ListingFaults = field(default_factory=ListingFaults)
    pages: PageFaults = field(default_factory=PageFaults)
    clock: ClockFaults = field(default_factory=ClockFaults)
    passing: tuple[Passing, ...] = ()
    """Faults of the reports that come and go; the first that strikes is the one a request meets."""
    retry_after: str | None = None
    """What Retry-After says on 429 and 503, in place of the truth."""
    latency: float = 0.0
    """Seconds before the first byte of every answer."""
    report_latency: float = 0.0
    """Seconds more before that of a report's."""
