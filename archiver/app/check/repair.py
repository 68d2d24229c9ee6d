"""Bringing back what is missing or damaged in an archive: from request to result."""

from collections.abc import Iterable

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.check.verify import VerifyRequest, audited, require_any
from archiver.app.opening.archive.archives import followed, locked_store, open_for_reading
from archiver.app.opening.archive.compliance import confirm_mending
from archiver.app.opening.archive.journals import journal_of, memory_of
from archiver.app.opening.archive.stores import only_read, open_store
from archiver.app.opening.context import Context
from archiver.app.opening.portal.portals import connect
from archiver.app.opening.user import named_by
from archiver.catalog import Catalog
from archiver.check.audit import Heard, unheard
from archiver.check.audit_report import AuditReport, FileProblem, ReadCounts
from archiver.check.repairing.chain_repair import NO_MANIFEST, mend_chain
from archiver.check.repairing.file_repair import Repair
from archiver.check.repairing.refetch import Portal
from archiver.domain.layout import is_of_chain, manifest_key, parse, safe_id
from archiver.domain.recordings import Report
from archiver.domain.row.identity import goes_by
from archiver.errors import ArchiverError, ExitCode, StopRun, TryAgain, UsageError
from archiver.filters.short_ids import as_kept
from archiver.manifest.records.files import Head
from archiver.portal.session import open_session
from archiver.store.base import Store


class RepairRequest(Struct, frozen=True):
    """What to repair: ids, and paths below the archive (all there is, if none).

    ``source`` is the address of another copy. ``quick`` looks for wrong sizes and missing files
    only. ``head`` was kept elsewhere. A ``dry_run`` changes nothing. ``by`` is who repairs, else
    who ``ARCHIVER_BY`` names.
    """

    names: tuple[str, ...] = ()
    source: str | None = None
    head: Head | None = None
    quick: bool = False
    dry_run: bool = False
    by: str | None = None

    def of(self, flawed: Iterable[FileProblem]) -> list[FileProblem]:
        """Return those of some problems that are to be mended."""
        return [each for each in flawed if self._wants(each.path)]

    def covered(self, report: AuditReport) -> dict[str, str | None]:
        """Return what is wanted of what lies under something else, with its versions."""
        return {path: at for path, at in report.covered.items() if self._wants(path)}

    def _wants(self, path: str) -> bool:
        named = parse(path)
        ids = {safe_id(name) for name in self.names}
        is_named = path in self.names or (named is not None and named.safe_id in ids)
        return is_named or not self.names

    def of_archive(self, catalog: Catalog) -> "RepairRequest":
        """Return what is wanted with all recordings that the portal gives an id that is named.

        Raises :class:`UsageError` for a name that is nothing of this archive.
        """
        known = self._known(catalog)
        every = {
            id_
            for name in known
            for id_ in catalog.search.beginning_with(name)
            if goes_by(id_, name)
        }
        return replace(self, names=tuple(dict.fromkeys((*known, *sorted(every)))))

    def _known(self, catalog: Catalog) -> tuple[str, ...]:
        """Return the names as the archive has them: a UUID may be typed in capitals."""
        recordings, entered = catalog.recordings, catalog.recordings.entered(self.names)

        def known(name: str) -> str:
            if recordings.get(name) or name in entered or is_of_chain(name):
                return name
            if recordings.get(as_kept(name)):
                return as_kept(name)
            raise UsageError(
                f"The archive knows no recording and no file called {name}.",
                advice="Name an id, or a path as verify shows it: below the archive's folder.",
            )

        return tuple(map(known, self.names))

    def audited(self, context: Context, store: Store, heard: Heard) -> AuditReport:
        """Read the archive, as deep as was asked for."""
        asked = VerifyRequest(quick=self.quick)
        depth = asked.depth(by_server=store.capabilities.tells_hashes)
        return audited(context, store, depth, self.head, heard=heard)


class RepairResult(Struct, frozen=True):
    """What came of a repair: names that were put back or replaced, and what is left, with why.

    ``uncovered`` were there, under something else. ``originals`` are those of the replaced whose
    loss is a finding. ``stopped`` is what ended it early: running it again may help. ``reading``
    counts how the files were looked at: none, where the chain could not be mended. So many of what
    is left are ``unread``: they may be whole, or something lies in their way.
    """

    uncovered: tuple[str, ...]
    put_back: tuple[str, ...]
    replaced: tuple[str, ...]
    left: tuple[FileProblem, ...]
    head: Head | None
    originals: tuple[str, ...] = ()
    stopped: ArchiverError | None = None
    reading: ReadCounts = field(default_factory=ReadCounts)
    unread: int = 0

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where nothing is left and no original is lost."""
        return ExitCode.FINDINGS if self.left or self.originals else ExitCode.CLEAN


def repair(request: RepairRequest, context: Context, heard: Heard = unheard) -> RepairResult:
    """Bring back what is missing or damaged; of a dry run, say what that would be.

    ``heard`` is told how far reading is. Raises :class:`UsageError` for a name that the archive
    doesn't know; what stops it from outside is in the result, with what was done until then.
    """
    return (_looked if request.dry_run else _repaired)(context, request, heard)


def _looked(context: Context, wanted: RepairRequest, heard: Heard) -> RepairResult:
    """Return what a repair would have to do."""
    if wanted.names:
        with open_for_reading(context) as archive:
            if archive is not None:
                wanted = wanted.of_archive(archive.catalog)
    report = wanted.audited(context, open_store(context), heard)
    chain = [FileProblem(problem.path, problem.what) for problem in report.chain]
    if report.head is None and not chain:
        chain.append(FileProblem(manifest_key(1), NO_MANIFEST))
    under = [
        FileProblem(path, "something else lies over it", at) for path, at in report.covered.items()
    ]
    files = wanted.of([*report.missing, *report.differ, *report.unreadable, *under])
    return RepairResult((), (), (), (*chain, *files), report.head, reading=report.reading)


def _repaired(context: Context, wanted: RepairRequest, heard: Heard) -> RepairResult:
    by = named_by(wanted.by, context.environ)
    require_any(context, open_store(context))
    confirm_mending(context)
    copy = _copy(context, wanted.source) if wanted.source else None
    with locked_store(context) as store:
        chain = mend_chain(store, copy, wanted.head, memory_of(context))
        if chain.left:
            put_back, left = tuple(chain.put_back), tuple(chain.left)
            return RepairResult(tuple(chain.uncovered), put_back, (), left, None)
        with followed(context, store, journal_of(context, store)) as archive:
            wanted = wanted.of_archive(archive.catalog)
            repair = Repair(archive, context.settings.same_audio)
            report = wanted.audited(context, store, heard)
            repair.look_up(wanted.of([*report.missing, *report.differ]))
            unread = wanted.of(report.unreadable)
            repair.left += unread
            repair.left += [FileProblem(each.path, each.what) for each in report.chain]
            repair.from_under(wanted.covered(report))
            try:
                repair.from_aside(each.path for each in report.aside)
                if copy is not None:
                    repair.from_copy(copy)
                stopped = _ask_portal(context, store, repair) if repair.lost else None
                repair.leave_documents()
            finally:
                head = repair.enter(by, chain.put_back)
            repair.check()
    put_back = (*chain.put_back, *repair.put_back)
    return RepairResult(
        (*chain.uncovered, *repair.uncovered),
        put_back,
        tuple(repair.replaced),
        tuple(repair.left),
        head or report.head,
        tuple(repair.originals),
        stopped,
        report.reading,
        len(unread),
    )


def _copy(context: Context, address: str) -> Store:
    """Open another copy of the archive; nothing is written there, so nothing is locked."""
    other = only_read(context, address)
    store = open_store(other)
    require_any(other, store, "--from")
    return store


def _ask_portal(context: Context, store: Store, repair: Repair) -> ArchiverError | None:
    """Fetch what is still lost; a portal that can't be asked leaves it as it is.

    Returns what stopped it from outside.
    """
    try:
        with connect(context) as connections:
            client = connections.client
            session = open_session(
                client, Report.RECORDINGS, context.settings.portal.utc_offset, for_rows=True
            )
            repair.from_portal(Portal(client, session, connections.services(store)))
    except ArchiverError as error:
        repair.give_up(error)
        return error if isinstance(error, StopRun | TryAgain) else None
    return None
