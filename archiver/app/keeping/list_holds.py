"""The holds of an archive: what each binds by now, who added it, and who released it."""

from msgspec import Struct

from archiver.app.opening.archive.archives import open_existing
from archiver.app.opening.context import Context
from archiver.catalog.questions.known_holds import KnownHold
from archiver.domain.recordings import RecordingId
from archiver.errors import ExitCode, UsageError
from archiver.filters.filters import Filters
from archiver.filters.hold_filter import filters_in
from archiver.manifest.records.files import Head
from archiver.manifest.records.holds import OpenHold
from archiver.open_archive import OpenArchive
from archiver.removal.holds.in_force import HoldsInForce


class HoldsRequest(Struct, frozen=True):
    """Which holds are shown: those in force, with ``released`` all, or one by its ``number``."""

    number: int | None = None
    released: bool = False


class ShownHold(Struct, frozen=True):
    """A hold, and what it binds now.

    ``ids`` are in order; ``exceptions`` were released one by one. ``filters`` are those of a
    standing hold, ``None`` where it is none, or they can't be read: then it binds everything.
    """

    hold: KnownHold
    ids: tuple[RecordingId, ...]
    exceptions: tuple[RecordingId, ...]
    filters: Filters | None

    @property
    def is_readable(self) -> bool:
        """Whether what it goes by is known."""
        return self.hold.future is None or self.filters is not None


class HoldsResult(Struct, frozen=True):
    """The holds, the first first; how many recordings those in force bind, and the head."""

    holds: tuple[ShownHold, ...]
    recordings: int
    head: Head | None

    @property
    def code(self) -> ExitCode:
        """``FINDINGS`` where the filter of a hold in force can't be read."""
        is_fine = all(each.is_readable for each in self.holds if each.hold.is_open)
        return ExitCode.CLEAN if is_fine else ExitCode.FINDINGS


def list_holds(request: HoldsRequest, context: Context) -> HoldsResult:
    """Return the holds of an archive; changes nothing.

    Raises :class:`UsageError` where there is no archive, or no hold of the number.
    """
    with open_existing(context) as archive:
        catalog = archive.catalog
        known = catalog.holds.every()
        if request.number is not None and request.number not in {each.number for each in known}:
            raise UsageError(
                f"There is no hold {request.number}.", advice="See: archiver hold list."
            )
        is_one = request.number is not None
        every = request.released or is_one
        wanted = [
            each
            for each in known
            if (each.is_open or every) and request.number in {None, each.number}
        ]
        opened = catalog.holds.in_force()
        shown = tuple(_shown(each, opened.get(each.number), archive) for each in wanted)
        bound = frozenset[RecordingId]().union(*(each.ids for each in shown))
        return HoldsResult(shown, len(bound), catalog.followed())


def _shown(hold: KnownHold, opened: OpenHold | None, archive: OpenArchive) -> ShownHold:
    found = HoldsInForce((), archive)
    ids = found.everything_bound_by(opened) if opened else frozenset[RecordingId]()
    exceptions = opened.released if opened else frozenset[RecordingId]()
    filters = filters_in(archive.documents, hold.future) if hold.future else None
    return ShownHold(hold, tuple(sorted(ids)), tuple(sorted(exceptions)), filters)
