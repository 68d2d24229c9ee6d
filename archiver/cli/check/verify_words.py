"""What ``archiver verify`` says of an archive, in words."""

from collections.abc import Iterator

from archiver.app.check.verify import Verification
from archiver.check.audit_report import AuditReport, Depth, OneIn, SizeOnly
from archiver.cli.screen.console import RED, YELLOW, coloured, first_few
from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted, human_bytes
from archiver.removal.unfinished import told_unfinished

FAULTS = ("chain", "missing", "differ", "hidden", "extra", "unreadable", "read_log")
REMARKS = ("aside", "doubled", "passed_over")


def lines(result: Verification) -> Iterator[str]:
    """Yield what there is to be said: first what was not read, last what to do."""
    report = result.report
    yield from not_read(report, result.depth)
    for kind in (*FAULTS, *REMARKS):
        yield from _found(report, kind)
    read, total = human_bytes(report.reading.bytes), human_bytes(report.reading.total)
    files = counted(report.ok, "file is", "files are")
    sized = min(report.ok, report.reading.sized)
    unread = f" ({sized} by name and size alone)" if sized else ""
    yield f"{files} as archived{unread}; read {read} of {total} ({_percent(report)})."
    if report.elsewhere:
        others = counted(report.elsewhere, "is another version", "are other versions")
        yield f"{others} than the chain names: the same bytes."
    if report.reads_elsewhere:
        days = counted(report.reads_elsewhere, "day")
        yield f"{days} of read logs that are not kept here: not compared."
    yield f"Head: {told_head(report)}"
    yield from closing(report, is_written=result.is_written)


def told_head(report: AuditReport) -> str:
    """Return the head that an audit found, or why there is none."""
    if report.head:
        return str(report.head)
    is_read = not (report.unreadable or report.chain)
    return "none: nothing was ever archived here" if is_read else "not known: see above"


def _found(report: AuditReport, kind: str) -> Iterator[str]:
    """Yield what was found of one kind, the first few."""
    found = getattr(report, kind)
    colour = RED if kind in FAULTS else YELLOW
    word = coloured(f"{kind.replace('_', ' '):<11}", colour)
    shown = first_few(found, lambda one: printable(str(one)))
    yield from (f"{word} {line}" for line in shown)


def not_read(report: AuditReport, depth: Depth) -> list[str]:
    """Return what to say first: which files were counted as fine without being read, and why."""
    reading = report.reading
    unread = f"of {reading.every} files were NOT read"
    lines = []
    if isinstance(depth, SizeOnly):
        lines.append(
            f"--quick: {reading.sized} {unread}: their names and sizes alone were compared."
        )
    if isinstance(depth, OneIn):
        lines.append(
            f"--sample 1/{depth.one_in}: {reading.sized} {unread} today: "
            "their names and sizes alone were compared."
        )
    if reading.told:
        lines.append(
            f"{reading.told} {unread}: the server told the SHA-256 that it "
            "worked out itself. --read reads them."
        )
    return lines


def closing(report: AuditReport, *, is_written: bool) -> list[str]:
    """Return what to say at the end of a report that is not clean: the gravest thing, what to do.

    What a run has yet to enter in a manifest is no fault, so it is said when one is writing.
    """
    said = [_gravest(report, is_written=is_written)]
    if report.read_log:
        said.append(
            "The read log is NOT as it was written: who read what on these days can't be told from "
            "it. Find out who could write to it."
        )
    if report.unreadable:
        said.append(
            "What could not be read is NOT known to be fine. Check what lies under its name, the "
            "disk, the rights, and who runs verify; then verify again."
        )
    if report.unfinished_erasures:
        said.append(f"{told_unfinished(report.unfinished_erasures)}.")
    if is_written:
        said.append("A run is writing to this archive: what it has not entered yet shows as extra.")
    return [line for line in said if line]


def _gravest(report: AuditReport, *, is_written: bool) -> str:
    """Return what to do about the gravest thing that was found of the files, if anything was."""
    if report.chain:
        return (
            "The chain of manifests is NOT as it was written. Where nothing but the --head that "
            "you gave says so, compare it with where it was kept. Else stop pulling, bring the "
            "chain back from a copy (archiver repair --from COPY), and verify with a head that was "
            "kept."
        )
    if report.missing or report.differ:
        return "This archive is NOT as it was written. Bring back what is named: archiver repair."
    if report.hidden:
        return (
            "Someone deleted what the bucket still keeps. Remove the delete markers: archiver "
            "repair."
        )
    if report.covered:
        return (
            "Other versions lie over what was archived. Bring that up: archiver repair. No other "
            "version than those named may be deleted."
        )
    if report.extra and not is_written:
        return (
            "Files are here that no manifest names. After a cut-off run, pull the same window "
            "again; after a cut-off export, run that again. What is erased: archiver erase "
            "--finish; what of it is held stays. Take out what is neither."
        )
    return ""


def _percent(report: AuditReport) -> str:
    """Return the share read; never rounded up to the whole."""
    return f"{int(report.reading.share * 1000) / 10:g} %"
