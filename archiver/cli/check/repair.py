"""``archiver repair``: bring back what verify found missing or damaged."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.options import (
    absolute,
    account_option,
    archive_option,
    config_option,
    head_option,
    json_option,
    rate_option,
    verbose_option,
)
from archiver.errors import ArchiverError, ExitCode, StopRun, TryAgain, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archiver.app.context import Context
    from archiver.catalog import Catalog
    from archiver.check.repair import Repair
    from archiver.check.report import AuditReport, FileProblem
    from archiver.manifest.model import Head
    from archiver.store.base import Store

SHOWN = 20


@click.command("repair")
@click.argument("names", nargs=-1, metavar="[ID|PATH]...")
@click.option(
    "--from",
    "source",
    metavar="ARCHIVE",
    callback=absolute,
    help="Another copy: a folder or a bucket.",
)
@click.option("--quick", is_flag=True, help="Look for wrong sizes and missing files only.")
@head_option
@click.option(
    "-n", "--dry-run", is_flag=True, help="Say what is missing or damaged; change nothing."
)
@archive_option
@rate_option
@json_option
@account_option
@config_option
@verbose_option
def command(names: tuple[str, ...], *, as_json: bool, **given: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Bring back what verify found missing or damaged.

    Reads the archive as verify does. What is not as it was archived comes from what was set aside,
    from another copy, or else from the portal; with ids or paths, only that. A damaged file is kept
    under quarantine/.
    Other bytes of the portal become a new version; the original is lost then, which is a finding
    until it is accepted. Manifests come from a copy alone, and only with the hash that the chain
    says. In a bucket that keeps versions, what lies over a file that is there still is taken off
    it: delete markers go, other versions are set aside. Ends with 3 when something could not be
    brought back, or an original is lost.
    """
    from archiver.cli import loading
    from archiver.cli.screen.console import emit

    source, head, dry_run = given.pop("source"), given.pop("head"), given.pop("dry_run")
    context = loading.load(given)
    wanted = _Wanted(
        tuple(_key_of(name, context.archive()) for name in names), head, quick=given["quick"]
    )
    result = _looked(context, wanted) if dry_run else _repaired(context, wanted, source)
    if as_json:
        from archiver.json_documents import dumps

        click.echo(dumps(document(result, dry_run=dry_run), indent=2), nl=False)
    else:
        _tell(result, "to repair" if dry_run else "left")
    if result.stopped is not None:
        raise result.stopped
    if dry_run:
        emit("This was a dry run: nothing was changed.")
    elif result.left:
        emit("What is left needs another copy that has it whole: --from ARCHIVE; or the provider.")
    if result.originals:
        emit(
            f"Originals lost: {len(result.originals)}. What took their place is a finding until "
            "you accept it: archiver accept ID --reason TEXT."
        )
    return ExitCode.FINDINGS if result.left or result.originals else ExitCode.CLEAN


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What to repair: ids and paths (all there is, if none), and what is known of the chain."""

    names: tuple[str, ...]
    head: "Head | None"
    quick: bool

    def of(self, flawed: "Iterable[FileProblem]") -> "list[FileProblem]":
        return [each for each in flawed if self._wants(each.path)]

    def covered(self, report: "AuditReport") -> "dict[str, str | None]":
        """Return what is wanted of what lies under something else, with its versions."""
        return {path: at for path, at in report.covered.items() if self._wants(path)}

    def _wants(self, path: str) -> bool:
        from archiver.domain.layout import parse, safe_id

        named = parse(path)
        ids = {safe_id(name) for name in self.names}
        is_named = path in self.names or (named is not None and named.safe_id in ids)
        return is_named or not self.names

    def with_aliases(self, catalog: "Catalog") -> "_Wanted":
        """Return what is wanted with all recordings that the portal gives an id that is named."""
        from archiver.domain.row_id import goes_by

        every = {
            id_
            for name in self.names
            for id_ in catalog.search.beginning_with(name)
            if goes_by(id_, name)
        }
        return replace(self, names=tuple(dict.fromkeys((*self.names, *sorted(every)))))

    def refuse_unknown(self, catalog: "Catalog") -> None:
        """Raise :class:`UsageError` for a name that is nothing of this archive."""
        for name in self.names:
            known = catalog.recordings
            if not (known.get(name) or known.is_entered(name) or _is_document(name)):
                raise UsageError(
                    f"The archive knows no recording and no file called {name}.",
                    advice="Name an id, or a path as verify shows it: below the archive's folder.",
                )

    def audited(self, context: "Context", store: "Store") -> "AuditReport":
        from archiver.app.archives import is_bucket
        from archiver.cli.check.verify import audited, depth_of

        depth = depth_of(None, quick=self.quick, by_server=is_bucket(context))
        return audited(context, store, depth, self.head)


def _key_of(name: str, archive: str) -> str:
    """Return the key of a file that was named by where it lies in the archive's folder."""
    try:
        return Path(name).resolve().relative_to(Path(archive).resolve()).as_posix()
    except ValueError:
        return name


def _is_document(name: str) -> bool:
    from archiver.domain.layout import ARCHIVE_KEY, manifest_number

    return name == ARCHIVE_KEY or manifest_number(name) is not None


@dataclass(frozen=True, slots=True)
class RepairResult:
    """What came of a repair: names that were put back or replaced, and what is left, with why.

    ``uncovered`` were there, under something else. ``originals`` are those of the replaced whose
    loss is a finding. ``stopped`` is what ended it early: running it again may help.
    """

    uncovered: tuple[str, ...]
    put_back: tuple[str, ...]
    replaced: tuple[str, ...]
    left: "tuple[FileProblem, ...]"
    head: "Head | None"
    originals: tuple[str, ...] = ()
    stopped: ArchiverError | None = None


def _looked(context: "Context", wanted: _Wanted) -> RepairResult:
    """Return what a repair would have to do."""
    from archiver.app.archives import open_for_reading, open_store
    from archiver.check.report import FileProblem

    if wanted.names:
        with open_for_reading(context) as opened:
            if opened is not None:
                wanted.refuse_unknown(opened[1])
                wanted = wanted.with_aliases(opened[1])
    report = wanted.audited(context, open_store(context))
    chain = [FileProblem(problem.path, problem.what) for problem in report.chain]
    under = [
        FileProblem(path, "something else lies over it", at) for path, at in report.covered.items()
    ]
    files = wanted.of([*report.missing, *report.differ, *report.unreadable, *under])
    return RepairResult((), (), (), (*chain, *files), report.head)


def _repaired(context: "Context", wanted: _Wanted, source: str | None) -> RepairResult:
    from archiver.app.archives import followed, journal_of, locked_store, memory_of, open_store
    from archiver.app.bucket import confirm_mending
    from archiver.check.chain_repair import mend_chain
    from archiver.check.repair import Repair
    from archiver.check.report import FileProblem
    from archiver.cli.check.verify import see_archive

    see_archive(context, open_store(context))
    confirm_mending(context)
    copy = _copy(context, source) if source else None
    with locked_store(context) as store:
        chain = mend_chain(store, copy, wanted.head, memory_of(context))
        if chain.left:
            put_back, left = tuple(chain.put_back), tuple(chain.left)
            return RepairResult(tuple(chain.uncovered), put_back, (), left, None)
        journal = journal_of(context, store)
        with followed(context, journal) as catalog:
            wanted.refuse_unknown(catalog)
            wanted = wanted.with_aliases(catalog)
            repair = Repair(store, journal, catalog, context.settings.same_audio)
            report = wanted.audited(context, store)
            repair.look_up(wanted.of([*report.missing, *report.differ]))
            repair.left += wanted.of(report.unreadable)
            repair.left += [FileProblem(each.path, each.what) for each in report.chain]
            repair.uncover(wanted.covered(report))
            try:
                repair.from_aside(each.path for each in report.aside)
                if copy is not None:
                    repair.from_copy(copy)
                stopped = _ask_portal(context, store, repair) if repair.lost else None
                repair.leave_calls()
            finally:
                head = repair.enter(chain.put_back)
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
    )


def _copy(context: "Context", address: str) -> "Store":
    """Open another copy of the archive; nothing is written there, so nothing is locked."""
    from archiver.app.archives import open_store
    from archiver.cli.check.verify import see_archive

    unlocked = replace(context.settings, lock=None, retain=None, legal_hold=False)
    other = replace(context, settings=replace(unlocked, archive=address))
    store = open_store(other)
    see_archive(other, store, "--from")
    return store


def _ask_portal(context: "Context", store: "Store", repair: "Repair") -> ArchiverError | None:
    """Fetch what is still lost; a portal that can't be asked leaves it as it is.

    Returns what stopped it from outside.
    """
    from archiver.app.connections import connect
    from archiver.check.refetch import Portal
    from archiver.domain.recordings import Report
    from archiver.portal.session import open_session

    try:
        with connect(context) as connections:
            client = connections.client
            session = open_session(client, Report.RECORDINGS, context.settings.utc_offset)
            repair.from_portal(Portal(client, session, connections.services(store, session)))
    except ArchiverError as error:
        repair.give_up(error)
        return error if isinstance(error, StopRun | TryAgain) else None
    return None


def document(result: RepairResult, *, dry_run: bool) -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/repair.schema.json``)."""
    from archiver.cli.screen.console import printable
    from archiver.manifest.codec import plain

    return {
        "dry_run": dry_run,
        "uncovered": list(result.uncovered),
        "put_back": list(result.put_back),
        "replaced": list(result.replaced),
        "originals_lost": list(result.originals),
        "left": [{"path": printable(each.path), "what": each.what} for each in result.left],
        "head": plain(result.head),
    }


def _tell(result: RepairResult, rest: str) -> None:
    from archiver.cli.screen.console import emit, printable

    kinds = {
        "uncovered": result.uncovered,
        "put back": result.put_back,
        "replaced": result.replaced,
        rest: tuple(map(str, result.left)),
    }
    for kind, names in kinds.items():
        for name in names[:SHOWN]:
            click.echo(f"{kind:<10} {printable(name)}")
        if len(names) > SHOWN:
            click.echo(f"{kind:<10} and {len(names) - SHOWN} more: see --json")
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in kinds.items())
    emit(f"{counts}. Head: {result.head or 'none'}")
