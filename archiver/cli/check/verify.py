"""``archiver verify``: read an archive and say whether it is what its chain says it is."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import click

from archiver.app.check.verify import Verification, VerifyRequest, verify
from archiver.app.opening.context import Context
from archiver.check.audit import Heard
from archiver.check.audit_report import (
    AuditReport,
    Depth,
    FileProblem,
    FullRead,
    OneIn,
    ServerHash,
    SizeOnly,
)
from archiver.cli import accounts, loading
from archiver.cli.accounts import AccountEnd
from archiver.cli.examples import examples
from archiver.cli.options import (
    account_option,
    archive_option,
    config_option,
    head_option,
    json_option,
    read_option,
)
from archiver.cli.screen import vigil
from archiver.cli.screen.bar import bar
from archiver.cli.screen.colours import RED, YELLOW, coloured
from archiver.cli.screen.console import emit, named
from archiver.config.archive_address import EXAMPLE
from archiver.domain.meter import Meter
from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted, human_bytes, seconds
from archiver.errors import ExitCode, UsageError
from archiver.json_documents import dumps
from archiver.manifest.records.files import Head

SHOWN = 20
FAULTS = ("chain", "missing", "differ", "hidden", "extra", "unreadable", "read_log")
REMARKS = ("aside", "doubled", "passed_over")


@click.command(
    "verify",
    epilog=examples(
        ("verify -a ./archive", "read it all back"),
        ("verify -a ./archive --sample 1/30", "every night a part: all in 60 days"),
        (f"verify -a {EXAMPLE} --json > verified.json", "for an auditor"),
    ),
)
@archive_option
@account_option
@config_option
@click.option("--quick", is_flag=True, help="Compare names and sizes; read manifests only.")
@click.option(
    "--read",
    "read_all",
    is_flag=True,
    help="Read every byte of a bucket, instead of taking the server's own SHA-256 for it.",
)
@click.option(
    "--sample",
    metavar="1/N",
    help="Read one file in N, others each time: 1/30 daily reads all in 60 days.",
)
@click.option(
    "--wait",
    metavar="TIME",
    default="5m",
    show_default=True,
    help="How long to wait for a running pull to enter what it has stored; 0 waits for none.",
)
@head_option
@json_option
def command(*, head: Head | None, as_json: bool, **given: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Read the whole archive and check hashes and chain; changes nothing.

    Of a bucket whose server works out and keeps a SHA-256 of every object, that is compared, and
    nothing but the manifests is downloaded unless --read is given.

    It may run beside a pull: what that has stored and not entered in a manifest yet is waited for.

    Of several accounts in the settings, the archive of each is read, or of those that --account
    names; the gravest exit code counts.
    """
    request = _request(given, head)
    contexts = loading.load_each(given)
    if head is not None and len(contexts) > 1:
        raise UsageError("--head is of one archive.", advice="Choose it with --account.")
    work = partial(_verify, request=request, wait=given["wait"], as_json=as_json)
    ended = accounts.work_through(contexts, work)
    if as_json:
        click.echo(dumps(ended.document, indent=2), nl=False)
    return ended.code


def _request(given: dict[str, Any], head: Head | None) -> VerifyRequest:
    """Return what these options ask for; raises :class:`UsageError`, naming the option."""
    if given["quick"] and given["read_all"]:
        raise UsageError("--quick reads no file, and --read every one.", advice="Give one of them.")
    return VerifyRequest(
        quick=given["quick"],
        read_all=given["read_all"],
        one_in=_one_in(given["sample"], quick=given["quick"]),
        head=head,
        wait_s=0 if given["wait"] == "0" else read_option(given, "wait", seconds) or 0,
    )


def _one_in(sample: str | None, *, quick: bool) -> int | None:
    if sample is None:
        return None
    match = re.fullmatch(r"1/([1-9][0-9]{0,5})", sample)
    if match is None or quick:
        raise UsageError(f"--sample is a part such as 1/30, and not with --quick; not {sample!r}.")
    return int(match[1])


def _verify(context: Context, *, request: VerifyRequest, wait: str, as_json: bool) -> AccountEnd:
    """Read the archive of one account, and print what is to be said of it unless as JSON."""

    def waits_for(files: int) -> None:
        of = counted(files, "file")
        emit(f"A run is writing here: waiting up to {wait} for it to enter {of}.")

    with reading_shown() as heard:
        result = verify(request, context, heard, waits_for)
    if not as_json:
        _tell(result)
    return AccountEnd(result.code, document(result.report, result.depth))


@contextmanager
def reading_shown(what: str = "checking the archive") -> Iterator[Heard]:
    """Show how far ``what`` is: in a bar on a terminal, else a line where it takes long."""
    meter, began = Meter(), time.monotonic()

    def text() -> str:
        return meter.of_bytes(time.monotonic() - began) if meter.total else ""

    with bar(quiet=False) as shown, vigil.over(what, text):

        def heard(checked: int, total: int) -> None:
            meter.total = total
            meter.add(checked - meter.done, worked=checked - meter.done, moved=checked - meter.done)
            if shown is not None:
                shown.show(meter.done, meter.total, text())

        yield heard


def document(report: AuditReport, depth: Depth) -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/verify.schema.json``)."""

    def told(one: FileProblem) -> dict[str, str]:
        version = {"version": one.version} if one.version else {}
        return {"path": printable(one.path), "what": one.what, **version}

    kinds = (
        "missing", "differ", "hidden", "extra", "aside", "doubled", "unreadable", "passed_over",
        "read_log",
    )  # fmt: skip
    lists = {kind: [told(one) for one in getattr(report, kind)] for kind in kinds}
    chain = [{"path": one.path, "line": one.line, "what": one.what} for one in report.chain]
    head = report.head and {"number": report.head.number, "sha256": report.head.sha256}
    return {
        "depth": {FullRead: "full", ServerHash: "server", SizeOnly: "quick", OneIn: "sample"}[
            type(depth)
        ],
        "files": {
            "read": report.reading.files,
            "sized": report.reading.sized,
            "told": report.reading.told,
        },
        "ok": report.ok,
        **lists,
        "elsewhere": report.elsewhere,
        "reads_elsewhere": report.reads_elsewhere,
        "chain": chain,
        "bytes_read": report.reading.bytes,
        "bytes_total": report.reading.total,
        "head": head,
    }


def _tell(result: Verification) -> None:
    report = result.report

    def tell(line: str) -> None:
        click.echo(named(line))

    for line in not_read(report, result.depth):
        tell(line)
    for kind in (*FAULTS, *REMARKS):
        found = getattr(report, kind)
        colour = RED if kind in FAULTS else YELLOW
        word = coloured(f"{kind.replace('_', ' '):<11}", colour)
        for one in found[:SHOWN]:
            tell(f"{word} {printable(str(one))}")
        if len(found) > SHOWN:
            tell(f"{word} and {len(found) - SHOWN} more: see --json")
    read, total = human_bytes(report.reading.bytes), human_bytes(report.reading.total)
    files = counted(report.ok, "file is", "files are")
    tell(f"{files} as archived; read {read} of {total} ({_percent(report)}).")
    if report.elsewhere:
        others = counted(report.elsewhere, "is another version", "are other versions")
        tell(f"{others} than the chain names: the same bytes.")
    if report.reads_elsewhere:
        days = counted(report.reads_elsewhere, "day")
        tell(f"{days} of read logs that are not kept here: not compared.")
    tell(f"Head: {report.head or 'none: nothing was ever archived here'}")
    for line in closing(report, is_written=result.is_written):
        tell(line)


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
    lines = []
    if report.chain:
        lines.append(
            "The chain of manifests is NOT as it was written. Stop pulling, bring it back from a "
            "copy (archiver repair --from), and verify with a head that was kept."
        )
    elif report.missing or report.differ:
        lines.append(
            "This archive is NOT as it was written. Bring back what is named: archiver repair."
        )
    elif report.hidden:
        lines.append(
            "Someone deleted what the bucket still keeps. Remove the delete markers: archiver "
            "repair."
        )
    elif report.covered:
        lines.append(
            "Other versions lie over what was archived. Bring that up: archiver repair. No other "
            "version than those named may be deleted."
        )
    elif report.extra and not is_written:
        lines.append(
            "Files are here that no manifest names. After a cut-off run, pull the same window "
            "again; after a cut-off export, run that again. What is erased: archiver erase "
            "--finish; what of it is held stays. Take out what is neither."
        )
    if report.read_log:
        lines.append(
            "The read log is NOT as it was written: who read what on these days can't be told from "
            "it. Find out who could write to it."
        )
    if report.unreadable:
        lines.append(
            "What could not be read is NOT known to be fine. Check the disk, the rights, and who "
            "runs verify; then verify again."
        )
    if is_written:
        lines.append(
            "A run is writing to this archive: what it has not entered yet shows as extra."
        )
    return lines


def _percent(report: AuditReport) -> str:
    """Return the share read; never rounded up to the whole."""
    return f"{int(report.reading.share * 1000) / 10:g} %"
