"""Handing recordings over to somebody who has no archiver: from request to result."""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.exporting.chosen import Chosen
from archiver.app.exporting.export_entry import ExportEntry
from archiver.app.exporting.export_request import ExportRequest
from archiver.app.exporting.export_workplace import ExportWorkplace
from archiver.app.exporting.parts.proofs import Proofs
from archiver.app.exporting.parts.writing import PartsWriter
from archiver.app.exporting.plan.plan_database import PlanDatabase
from archiver.app.exporting.plan.plan_draft import PlanDraft
from archiver.app.exporting.plan.plan_file import PlanFile
from archiver.app.exporting.plan.planned import PlanFacts, PlannedRecording, WrittenParts
from archiver.app.exporting.plan.planning import Planner
from archiver.app.opening.archive.archives import open_existing
from archiver.app.opening.archive.compliance import confirm
from archiver.app.opening.archive.kept_copy import warn_of_copy
from archiver.app.opening.archive.read_log import Act, ReadLog, read_log
from archiver.app.opening.context import Context
from archiver.app.opening.filtering import filters_of, may_be_missing, tell_window
from archiver.app.opening.user import whoever
from archiver.domain.times.window import Window
from archiver.errors import DestinationError, ExitCode, NotPermitted, UsageError
from archiver.filters.filters import Filters
from archiver.manifest.records.files import Head
from archiver.open_archive import OpenArchive

THREADS = 1
"""What reads a disk; a store that is remote is asked by as many as there are workers."""


class ExportedPart(Struct, frozen=True):
    """A part of a hand-over: where it lies, what it holds, and the hash that fixes its bytes."""

    place: Path
    recordings: int
    bytes: int
    sha256: str


class ExportResult(Struct, frozen=True):
    """What was handed over.

    ``left_out`` counts what was asked for and is not in it, by what it is; ``without_sidecar`` are
    recordings in it whose sidecar is not as it was archived. ``open`` counts what
    nobody has accepted: of what was left out, and of findings that are in it. ``head`` is the one
    up to which the chain was handed over, ``entered`` the one that names the export; where that is
    ``None``, ``not_entered`` says why; ``is_logged`` is false where the read log lacks some. The
    ``window`` is the portal time that was asked for, either end of which may be open.
    """

    export: str
    by: str
    parts: tuple[ExportedPart, ...]
    left_out: Mapping[str, int]
    without_sidecar: int
    open: int
    head: Head
    entered: Head | None
    not_entered: str = ""
    is_logged: bool = True
    window: Window | None = None

    @property
    def recordings(self) -> int:
        """How many recordings were handed over."""
        return sum(each.recordings for each in self.parts)

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where all asked for is in it and good or accepted, and was logged."""
        return ExitCode.FINDINGS if self.open or not self.is_logged else ExitCode.CLEAN


def export(request: ExportRequest, context: Context) -> ExportResult:
    """Hand recordings over as a folder, a zip file or a bag, and enter that in the chain.

    One that was cut off goes on where it was, and ends with the same bytes. An archive that may
    only be read is exported from all the same. Raises :class:`UsageError` for what can't be made,
    and where nothing is like what was asked for.
    """
    request.require()
    by = whoever(request.by, context.environ)
    is_filtered, by_number = not request.filters.is_empty, bool(request.filters.number)
    log = read_log(context, Act.EXPORTED, filtered=is_filtered, by_number=by_number, by=request.by)
    with open_existing(context) as archive:
        confirm(context)
        warn_of_copy(context)
        return _Exporting(request, by, context, archive, log).run()


class _Exporting(Struct, frozen=True):
    """One export, and all that is needed for it."""

    request: ExportRequest
    by: str
    context: Context
    archive: OpenArchive
    log: ReadLog

    def run(self) -> ExportResult:
        """Plan, write, enter, and give the parts their names: each step can be done again."""
        place = ExportWorkplace(self.request.place(), self.request.part_bytes is not None)
        place.open()
        with closing(PlanDatabase(place.plan)) as database:
            plan = PlanFile(database)
            facts = self._taken_up(plan, place) or self._made(database, place)
            written = self._whole(plan, facts, place)
            place.require_publishable(_seals(written), facts.form)
            entry = self._entry(plan, facts, place)
            self.log.note(entry.ids)
            entered, why = _entered(entry, written)
            places = place.publish(len(written.parts))
        place.remove()
        result = _result(facts, written, places, entered, why)
        return replace(result, is_logged=self.log.is_whole, window=facts.window)

    def _whole(self, plan: PlanFile, facts: PlanFacts, place: ExportWorkplace) -> WrittenParts:
        """Return all parts once each is whole; what was made before, and hurt, is written anew.

        The chain may have its hashes already. Raises :class:`DestinationError` where it does not
        come out as it was.
        """
        made, listener = plan.whole(), self.context.listener
        if made is not None:
            with listener.waiting(f"reading {facts.recordings} recordings back"):
                is_hurt = place.is_hurt(_seals(made), facts.form)
            if not is_hurt:
                return made
            listener.say(f"What was made in {place.folder} is hurt: it is made anew.", "noticed")
        place.clear()
        plan.begin()
        written = self._written(plan, facts, place)
        if made is not None and _seals(written) != _seals(made):
            raise DestinationError(
                f"What was made in {place.folder} is hurt, and the archive gives other bytes now.",
                advice="Remove that folder, and run it again.",
            )
        plan.note_whole(written)
        return written

    def _taken_up(self, plan: PlanFile, place: ExportWorkplace) -> PlanFacts | None:
        """Return the plan that is there, ``None`` if there is none."""
        facts = plan.facts()
        if facts is not None:
            self._require_own(facts)
            self._entry(plan, facts, place).require_none_erased()
            began = f"{facts.started:%Y-%m-%d %H:%M:%S} UTC"
            self.context.listener.say(f"Going on with the export of {began}.", "noticed")
        return facts

    def _made(self, database: PlanDatabase, place: ExportWorkplace) -> PlanFacts:
        """Make the plan; where there is nothing to plan, nothing is left."""
        planner = Planner(self.archive, PlanDraft(database))
        try:
            facts = planner.make(self.request, self.by, self._chosen())
            place.require_space(facts.bytes)
        except (UsageError, DestinationError):
            place.remove()
            raise
        return facts

    def _require_own(self, facts: PlanFacts) -> None:
        """Raise :class:`UsageError` for the plan of another request, or of another archive.

        Who asks again is no matter.
        """
        request = self.request
        wanted = (self.archive.id, request.form, request.lists, request.part_bytes)
        planned = (facts.archive, facts.form, facts.lists, facts.part_bytes)
        if wanted != planned or not self._is_meant(facts):
            raise UsageError(
                f"{request.place()}.part is of another export that was cut off"
                f" ({facts.started:%Y-%m-%d %H:%M:%S} UTC).",
                advice="Finish that with its own options, and dates for times such as yesterday;"
                " remove it; or name another --out.",
            )

    def _is_meant(self, facts: PlanFacts) -> bool:
        """Whether the same is asked for as was planned; the words alone may mean another day."""
        meant = self._filters()
        if self.request.asked() != facts.asked:
            return meant == facts.meant
        return _days_of(meant) == _days_of(facts.meant)

    def _filters(self) -> Filters:
        catalog = self.archive.catalog
        return filters_of(self.request.filters, catalog, self.context, only_sure=True)

    def _chosen(self) -> Chosen:
        catalog, filters = self.archive.catalog, self._filters()
        tell_window(filters, self.context)
        missing = may_be_missing(catalog, filters, self.context)
        return Chosen(catalog, filters, missing)

    def _written(self, plan: PlanFile, facts: PlanFacts, place: ExportWorkplace) -> WrittenParts:
        is_remote = self.archive.store.capabilities.is_remote
        threads = self.context.settings.network.workers if is_remote else THREADS
        listener = self.context.listener
        writer = PartsWriter(
            self.archive.store, plan, facts, Proofs(self.archive.journal, plan), place, threads,
            lambda line: listener.say(line, "finding"),
        )  # fmt: skip
        with listener.waiting(f"copying {facts.recordings} recordings", writer.progress):
            return writer.write()

    def _entry(self, plan: PlanFile, facts: PlanFacts, place: ExportWorkplace) -> ExportEntry:
        planned = (each for each in plan.items() if isinstance(each, PlannedRecording))
        ids = tuple(each.entry.id for each in planned)
        return ExportEntry(self.archive, facts, ids, place.folder)


def _entered(entry: ExportEntry, written: WrittenParts) -> tuple[Head | None, str]:
    """Enter the export in the chain; return the head, or why that can't be done here."""
    try:
        return entry.enter(written), ""
    except NotPermitted as error:
        return None, error.message


def _seals(written: WrittenParts) -> tuple[str, ...]:
    return tuple(each.seal for each in written.parts)


def _days_of(filters: Filters) -> tuple[date, date] | None:
    window = filters.window
    return None if window is None else (window.first.date(), window.last.date())


def _result(
    facts: PlanFacts,
    written: WrittenParts,
    places: tuple[Path, ...],
    entered: Head | None,
    why: str,
) -> ExportResult:
    parts = tuple(
        ExportedPart(place, each.recordings, each.bytes, each.seal)
        for place, each in zip(places, written.parts, strict=True)
    )
    left_out = Counter[str]()
    for each in written.parts:
        left_out.update(each.left_out)
    without = sum(each.without_sidecar for each in written.parts)
    open_ones = sum(each.open for each in written.parts)
    return ExportResult(
        facts.export, facts.by, parts, dict(left_out), without, open_ones, facts.head, entered, why
    )
