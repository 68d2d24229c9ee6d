"""Reading an archive and saying whether it is what its chain says: from request to result."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct

from archiver.app.check.read_log_check import hold_to_chain
from archiver.app.opening.archive.journals import memory_of, no_archive, require_none_gone
from archiver.app.opening.archive.stores import open_store, workdir
from archiver.app.opening.context import Context
from archiver.check.audit import Heard, Noted, audit, unheard, unnoted
from archiver.check.audit_report import AuditReport, Depth, FullRead, OneIn, ServerHash, SizeOnly
from archiver.check.file_check import THREADS, Checks, on_threads
from archiver.check.meanwhile import NOBODY, OtherRun
from archiver.check.remembered import Remembered
from archiver.concurrency.stop import StopToken
from archiver.domain.layout import ARCHIVE_KEY
from archiver.errors import ExitCode, UsageError
from archiver.handover.papers import CHECK
from archiver.manifest.records.files import Head
from archiver.store.base import Store
from archiver.store.disk.workdir import is_locked

HANDED_OVER = f"manifests/{ARCHIVE_KEY}"
"""Where a hand-over says of which archive it is; no archive has a file there."""
WAIT_S = 300
"""So long a run that is writing is waited for, unless something else is said."""


class VerifyRequest(Struct, frozen=True):
    """How deep to read, and what is known of the chain.

    ``quick`` compares names and sizes alone, ``one_in`` reads one file in so many, others each day.
    ``read_all`` reads every byte of a bucket, too, instead of taking the server's own SHA-256 for
    it. ``head`` was kept elsewhere. What a running pull has yet to enter is waited for, ``wait_s``
    seconds at most. ``dask`` is the address of a Dask scheduler, whose workers then read.
    """

    quick: bool = False
    read_all: bool = False
    one_in: int | None = None
    head: Head | None = None
    wait_s: int = WAIT_S
    dask: str | None = None

    def depth(self, *, by_server: bool) -> Depth:
        """Return how deep that is; a store that keeps SHA-256 may be asked for them."""
        if self.one_in is not None:
            return OneIn(self.one_in, datetime.now(UTC).date())
        if self.quick:
            return SizeOnly()
        return ServerHash() if by_server and not self.read_all else FullRead()


class Verification(Struct, frozen=True):
    """What was found, how deep that went, and whether a run is writing to the archive."""

    report: AuditReport
    depth: Depth
    is_written: bool

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where there is something, all as it was archived, and all is finished."""
        is_whole = self.report.is_clean and self.report.head is not None
        is_clean = is_whole and not self.report.unfinished_erasures
        return ExitCode.CLEAN if is_clean else ExitCode.FINDINGS


def verify(
    request: VerifyRequest,
    context: Context,
    heard: Heard = unheard,
    waits_for: Callable[[int], object] = bool,
) -> Verification:
    """Read the archive of these settings, and hold its read log to it; changes nothing.

    ``heard`` is told how far that is, ``waits_for`` how many files of a running pull are waited
    for. Raises :class:`UsageError` where there is no archive, and
    :class:`archiver.errors.StopRun` where a cluster is lost: then nothing was found.
    """
    other_run = other_run_of(context, request.wait_s, waits_for)
    store = open_store(context)
    depth = request.depth(by_server=store.capabilities.tells_hashes)
    require_any(context, store)
    with _checks(request, context, store, depth) as checks:
        report = audited(
            context, store, depth, request.head, checks=checks, other_run=other_run, heard=heard
        )
    is_remote = store.capabilities.is_remote
    hold_to_chain(context, report, datetime.now(UTC).date(), is_remote=is_remote)
    return Verification(report, depth, bool(report.extra) and other_run.is_writing())


def _checks(
    request: VerifyRequest, context: Context, store: Store, depth: Depth
) -> AbstractContextManager[Checks | None]:
    """Return what the files are checked by, if not by this machine."""
    if request.dask is None:
        return nullcontext()
    from archiver.app.workers.cluster.joining import cluster_checks

    return cluster_checks(request.dask, context, store, depth)


def other_run_of(
    context: Context, wait_s: int = WAIT_S, waits_for: Callable[[int], object] = bool
) -> OtherRun:
    """Return the run that may be writing to the archive, and how long it is waited for."""
    return OtherRun(partial(is_locked, workdir(context)), wait_s, StopToken().wait, waits_for)


def audited(  # noqa: PLR0913 - what an audit is made of, each by name
    context: Context,
    store: Store,
    depth: Depth,
    head: Head | None,
    *,
    checks: Checks | None = None,
    other_run: OtherRun = NOBODY,
    heard: Heard = unheard,
    noted: Noted = unnoted,
) -> AuditReport:
    """Audit an archive, and hold it against what this machine remembers of it.

    Files are checked by ``checks``, else by threads of this process.
    """
    require_any(context, store)
    remembered = Remembered.of(store, memory_of(context))
    threads = context.settings.network.workers if store.capabilities.is_remote else THREADS
    report = audit(
        store,
        checks=checks or on_threads(store, depth, threads),
        head=head,
        other_run=other_run,
        heard=heard,
        noted=noted,
    )
    remembered.note(store, report)
    return report


def require_any(context: Context, store: Store, named_by: str = "--archive") -> None:
    """Raise :class:`UsageError` where nothing of an archive is; ``named_by`` is where to look.

    A hand-over has manifests, too, and all else beside them: its own script knows what is whole.
    """
    if [*store.versions(ARCHIVE_KEY)]:
        return
    if not [*store.versions("manifests/")]:
        raise no_archive(context, f"Check {named_by}.")
    if [*store.versions(HANDED_OVER)]:
        require_none_gone(context)
        raise UsageError(
            f"{context.archive()} is a hand-over of recordings, and no archive.",
            advice=f"Check it by its own script, in its folder: sh {CHECK}. Or correct {named_by}.",
        )
