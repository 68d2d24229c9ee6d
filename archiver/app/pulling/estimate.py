"""What archiving a window would come to: it is listed and counted, and nothing is downloaded."""

import time

from msgspec import Struct

from archiver.app.opening.archive.archives import open_for_reading
from archiver.app.opening.archive.stores import open_store
from archiver.app.opening.context import Context
from archiver.app.opening.portal.portals import connect
from archiver.app.opening.windows import WindowRequest, span
from archiver.app.pulling.scope import scope_of
from archiver.config.archive_address import folder_of
from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.errors import ExitCode
from archiver.json_documents import Json
from archiver.listing.slices import clip_to_cutoff, list_windows, spanning, witnesses
from archiver.portal.proving.odd_rows import odd_of
from archiver.portal.proving.walk import RowKey, keyed
from archiver.portal.session import open_session
from archiver.pull.budget.forecast import audio_bytes
from archiver.pull.doubts.evidence import of_opening, of_zone
from archiver.pull.events import SUPPOSED_BYTES_PER_S, Announce, Began, Doubted, Noticed, unheard
from archiver.store.free_space import has_room


class Estimate(Struct, frozen=True):
    """How many recordings a window has, of how many milliseconds in all, by a proven listing.

    ``free`` is how many bytes the archive's folder has room for, ``None`` where that is not known.
    ``doubts`` say why nothing of it is to be believed, as a pull would.
    Listing it takes ``listing_s`` seconds, by the limit on requests and by how long it took now;
    audio comes at ``bytes_per_s``.
    """

    window: Window
    recordings: int
    length_ms: int
    proven: bool
    free: int | None = None
    listing_s: float = 0.0
    bytes_per_s: int = SUPPOSED_BYTES_PER_S
    doubts: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether there is room for all of it, as far as that is known."""
        return has_room(self.bytes, self.free)

    @property
    def hours(self) -> float:
        """How long they are in all."""
        return self.length_ms / 3_600_000

    @property
    def bytes(self) -> int:
        """How much that takes, at 32 kbit/s."""
        return audio_bytes(self.length_ms)

    @property
    def audio_s(self) -> float:
        """How long the audio takes, in seconds."""
        return self.bytes / self.bytes_per_s

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where the listing is proven, and nothing speaks against it."""
        return ExitCode.CLEAN if self.proven and not self.doubts else ExitCode.FINDINGS

    @property
    def document(self) -> dict[str, Json]:
        """What ``--json`` prints."""
        return {
            "window": span(self.window),
            "recordings": self.recordings,
            "hours": round(self.hours, 2),
            "estimated_bytes": self.bytes,
            "estimated_listing_s": round(self.listing_s, 1),
            "estimated_audio_s": round(self.audio_s, 1),
            "proven": self.proven,
            "doubts": [*self.doubts],
        }


def estimate(request: WindowRequest, context: Context, announce: Announce = unheard) -> Estimate:
    """List what a pull of that window would, and add it up; downloads nothing.

    ``announce`` hears how the window was understood. Raises
    :class:`archiver.errors.ArchiverError` for a window that can't be, and where the portal can't
    be asked.
    """
    report, settings, began = Report.RECORDINGS, context.settings, time.monotonic()
    with connect(context) as connections:
        session = open_session(connections.client, report, settings.portal.utc_offset)
        with open_for_reading(context) as archive:
            catalog = archive.catalog if archive else None
            scope = scope_of(request, session, catalog, [report], settings.portal.provider_keeps)
            held = witnesses(catalog, report) if catalog else ()
            last_run = catalog.runs.last_at() if catalog else None
            named = scope.windows if scope.asked else ()
            doubts = (*of_opening(session, last_run), *of_zone(session, named))
        for words in request.unsure(session):
            announce(Noticed(words))
        windows = [clip_to_cutoff(each, session) for each in scope.windows]
        announce(Began(spanning(windows), session.offset.minutes, session.offset.source))
        for each in doubts:
            announce(Doubted(each))
        lengths: dict[RowKey, int] = {}
        proven = True
        for listing in list_windows(connections.client, report, windows, session.behaviour(held)):
            rows = keyed(listing.listed)
            lengths |= {key: each.row.reported_ms or 0 for key, each in rows.items()}
            proven = proven and listing.proven and not odd_of(listing)
        limited_s = connections.client.requests * connections.client.interval_s
    return Estimate(
        spanning(windows),
        len(lengths),
        sum(lengths.values()),
        proven,
        _free(context),
        max(limited_s, time.monotonic() - began) * (2 if settings.calls else 1),
        settings.network.bwlimit or SUPPOSED_BYTES_PER_S,
        doubts,
    )


def _free(context: Context) -> int | None:
    """Return how many bytes are free where the archive is, or is to be, if that is a folder."""
    named = context.settings.archive
    return open_store(context).free().bytes if named and folder_of(named) else None
