"""Keeping a second copy of an archive: from request to result."""

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.check.verify import audited, require_any
from archiver.app.opening.archive.archives import locked_store
from archiver.app.opening.archive.compliance import confirm
from archiver.app.opening.archive.journals import journal_of, memory_of
from archiver.app.opening.archive.kept_copy import COPIED
from archiver.app.opening.archive.stores import only_read, open_store, site, workdir
from archiver.app.opening.context import Context
from archiver.check.audit import Heard, unheard
from archiver.check.audit_report import AuditReport, FileProblem, SizeOnly
from archiver.check.copying.chain_copy import begin, copy_manifests
from archiver.check.copying.file_copy import FileCopier, FilesCopied, copy_files
from archiver.check.copying.source_chain import SourceChain, read_chain
from archiver.check.expected_files import Expectations
from archiver.check.file_check import THREADS
from archiver.check.repairing.chain_repair import mend_chain
from archiver.config.archive_address import folder_of
from archiver.config.registry import parse
from archiver.domain.retention import UNLOCKED
from archiver.errors import ExitCode, UsageError
from archiver.manifest.chain import ChainProblem
from archiver.manifest.records.files import Head
from archiver.removal.belongings import lying_there
from archiver.store.base import Store
from archiver.store.free_space import require_free_space
from archiver.store.os_errors import map_os_errors


class CopyRequest(Struct, frozen=True):
    """Where to copy an archive ``to``: the address of a folder or a bucket.

    All of it is copied. Of files that were named before the day ``since`` (UTC) and that the copy's
    own chain names, names and sizes are compared alone, all others by their hashes. ``with_gaps``
    copies the manifests as well whose files the archive has not whole. With ``mend``, files of the
    copy that are damaged are set aside, and copied anew: its chain stays that of the archive, as it
    would not by a repair. ``confirms_compliance`` says that the copy's locks may never be taken
    away.
    """

    to: str
    since: date | None = None
    with_gaps: bool = False
    mend: bool = False
    confirms_compliance: bool = False


class CopyResult(Struct, frozen=True):
    """What came of copying.

    ``head`` is the archive's, up to which it was copied, ``copy_head`` the copy's. ``files`` counts
    what became of the files, and ``manifests`` those that were copied now. ``left`` is what is not
    in the copy as it should be, and why. From manifest ``held_back_from`` on none was copied, since
    it names a file that is not there. ``newer`` manifests were entered while this copied.
    """

    archive: str
    head: Head
    copy_head: Head | None
    files: FilesCopied
    manifests: int
    left: tuple[FileProblem | ChainProblem, ...]
    held_back_from: int | None
    newer: int = 0

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where the copy has all that the chain names, and the newest head."""
        is_whole = not (self.left or self.newer) and self.copy_head == self.head
        return ExitCode.CLEAN if is_whole else ExitCode.FINDINGS


def copy_archive(request: CopyRequest, context: Context, heard: Heard = unheard) -> CopyResult:
    """Copy what an archive's chain names, then the chain; nothing is ever overwritten.

    Cut off anywhere, it goes on when it is called again. ``heard`` is told how far it is, in bytes.
    Raises :class:`UsageError` where another archive or another chain is there, or one that is
    ahead; and what keeps it from reading or writing on.
    """
    archive = only_read(context, context.archive())
    place = _place(request, context)
    with map_os_errors("looking at the two places"):
        _require_apart(context.archive(), place.archive())
    store = open_store(archive)
    require_any(archive, store)
    with closing(Expectations()) as expected:
        with context.listener.waiting("reading the archive's manifests"):
            chain = read_chain(journal_of(archive, store), expected, request.since)
        head = chain.head
        if head is None:
            raise UsageError(f"Nothing was ever archived at {context.archive()}.")
        site(place).require_usable()
        said = request.confirms_compliance or chain.locked_for_good
        confirm(place, confirmed=said, command="copy")
        with locked_store(place) as copy:
            _require_another(store, copy)
            if request.mend and any(copy.versions("manifests/")):
                _mend_manifests(copy, store, place)
            return _Copying(request, place, store, copy, chain, expected).run(head, heard)


def _mend_manifests(copy: Store, store: Store, place: Context) -> None:
    """Put back what the copy's own newest manifests say was there; no other manifest is entered.

    A repair enters what it did, so a copy that was repaired is ahead of its archive.
    """
    for key in mend_chain(copy, store, None, memory_of(place)).put_back:
        place.listener.say(f"{key} was damaged or missing in the copy, and is copied anew.")


class _Copying(Struct, frozen=True):
    """One copying, and all that is needed for it; ``place`` has the settings of the copy."""

    request: CopyRequest
    place: Context
    store: Store
    copy: Store
    chain: SourceChain
    expected: Expectations

    def run(self, head: Head, heard: Heard) -> CopyResult:
        """Copy files, then manifests, and look at the copy as a quick verify does."""
        there = begin(self.chain, self.store, self.copy, memory_of(self.place))
        site(self.place).remember()
        read_before = self._was_whole_at(there)
        require_free_space(self.copy)
        settled = there.number if there else 0
        files = self._files(settled if read_before else 0, settled, heard)
        up_to, lacking = head.number, files.first_lacking
        if lacking is not None and not self.request.with_gaps:
            up_to = lacking - 1
        manifests = copy_manifests(self.chain, self.copy, settled, up_to)
        report = self._looked_at(up_to)
        for line in (*self.copy.notes(), *self._lacking_holds(files)):
            self.place.listener.say(line, "noticed")
        result = CopyResult(
            self.chain.archive.archive,
            head,
            report.head,
            files,
            manifests,
            tuple(self._left(files, report, up_to)),
            up_to + 1 if up_to < head.number else None,
            self._newer(head),
        )
        if not result.left:
            with suppress(OSError):  # the next copy reads again what this one has read
                self._whole_at.write_text(str(result.copy_head))
        return result

    @property
    def _whole_at(self) -> Path:
        """Where this machine notes up to which head a copy had every file, each once read."""
        return workdir(self.place) / COPIED

    def _was_whole_at(self, there: Head | None) -> bool:
        """Whether the last copy left nothing behind; until this one has ended, that is unknown."""
        try:
            return there is not None and self._whole_at.read_text() == str(there)
        except (OSError, UnicodeDecodeError):
            return False
        finally:
            with map_os_errors(f"removing {self._whole_at}"):
                self._whole_at.unlink(missing_ok=True)

    def _files(self, read_before: int, settled: int, heard: Heard) -> FilesCopied:
        is_remote = self.store.capabilities.is_remote or self.copy.capabilities.is_remote
        threads = self.place.settings.network.workers if is_remote else THREADS
        retention = self.place.settings.checked_retention()
        older, now = min(self.chain.older, read_before), datetime.now(UTC)
        copier = FileCopier(self.store, self.copy, older, retention, now, self.request.mend)
        return copy_files(self.expected, copier, settled, threads, heard)

    def _lacking_holds(self, files: FilesCopied) -> Iterator[str]:
        """Yield what there is to say where what was copied is held, and may be by the bucket."""
        may_lock = self.copy.capabilities.locks and self.copy.locking.may_lock
        may_lack = may_lock and not self.place.settings.checked_retention().legal_hold
        if files.copied and self.chain.is_held and may_lack:
            yield (
                "Holds are in force, and what was copied has no legal hold of the bucket: by the "
                "chain alone it can't be erased there, until a pull into that bucket sets them."
            )

    def _newer(self, head: Head) -> int:
        """Return how many manifests the archive has by now above those that were copied."""
        newest = self.chain.journal.head()
        return newest.number - head.number if newest else 0

    def _looked_at(self, up_to: int) -> AuditReport:
        """Hold names, sizes and the chain of the copy against the head that it must have."""
        head = self.chain.heads[up_to - 1] if up_to else None
        report = audited(self.place, self.copy, SizeOnly(), head)
        if report.head is not None and report.is_clean:
            memory_of(self.place).remember(self.chain.archive.archive, report.head)
        return report

    def _left(
        self, files: FilesCopied, report: AuditReport, up_to: int
    ) -> list[FileProblem | ChainProblem]:
        """Return what is not in the copy as it should be, each path once.

        What only manifests name that were held back is no stranger's.
        """
        covered = [FileProblem(path, "other bytes lie over it") for path in report.covered]
        found = (
            *report.missing, *report.differ, *report.hidden, *covered, *report.unreadable,
            *(p for p in report.extra if not self.expected.is_named_above(up_to, p.path)),
        )  # fmt: skip
        by_path = {each.path: each for each in (*found, *files.lacking, *self._held_back())}
        return [*report.chain, *by_path.values()]

    def _held_back(self) -> Iterator[FileProblem]:
        """Yield what the archive has of recordings whose erasure was begun, and that are held.

        The chain names it no more, so it is in no copy.
        """
        held = self.expected.taken_away.held()
        for item in lying_there(self.store, held) if held else ():
            if not item.is_marker:
                what = f"it is in NO copy: {self.expected.taken_away.left_of(item.key)}"
                yield FileProblem(item.key, what, item.version)


def _place(request: CopyRequest, context: Context) -> Context:
    """Return the context of the copy: where it lies, and as far as it can, what locks there.

    Raises :class:`UsageError` for an address of no place.
    """
    settings, problems = parse({"archive": request.to}, lambda _: "--to", context.settings)
    for problem in problems:
        raise UsageError(f"{problem}.")
    place = replace(context, settings=settings)
    if not settings.checked_retention().locks:
        return place
    unlocked = replace(place, settings=replace(settings, retention=UNLOCKED))
    if open_store(unlocked).capabilities.locks:
        return place
    context.listener.say("Nothing is locked in the copy: a folder can't lock.", "noticed")
    return unlocked


def _require_apart(archive: str, copy: str) -> None:
    """Raise :class:`UsageError` where one of two addresses lies within the other.

    By whatever path: one disk may be mounted at two places.
    """
    one, other = _path(archive), _path(copy)
    if _is_within(one, other) or _is_within(other, one):
        raise _one_place()


def _require_another(store: Store, copy: Store) -> None:
    """Raise :class:`UsageError` where a copy is the archive itself, reached by another name.

    A bucket may have an alias, a server several names.
    """
    with copy.shown() as name:
        if store.shows(name):
            raise _one_place()


def _one_place() -> UsageError:
    return UsageError(
        "An archive and its copy must be two places, and neither within the other.",
        advice="Name another place with --to.",
    )


def _path(address: str) -> Path:
    """Return a folder's own path; of a bucket its address, which is no absolute one."""
    folder = folder_of(address)
    return Path(address if folder is None else os.path.realpath(folder))


def _is_within(inner: Path, outer: Path) -> bool:
    if inner == outer or outer in inner.parents:
        return True
    if not (inner.is_absolute() and outer.exists()):
        return False
    there = (each for each in (inner, *inner.parents) if each.exists())
    return any(each.samefile(outer) for each in there)
