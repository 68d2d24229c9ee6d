"""``archiver verify``: read an archive and say whether it is what its chain says it is."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import click

from archiver.app.check.verify import VerifyRequest, verify
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
from archiver.cli.check.verify_words import lines
from archiver.cli.examples import examples
from archiver.cli.options import (
    archive_option,
    head_option,
    json_option,
    read_option,
    settings_options,
)
from archiver.cli.screen import vigil
from archiver.cli.screen.bar import bar
from archiver.cli.screen.console import emit, named
from archiver.config.archive_address import EXAMPLE
from archiver.domain.meter import Meter
from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted, seconds
from archiver.errors import ExitCode, UsageError
from archiver.manifest.records.files import Head


@click.command(
    "verify",
    epilog=examples(
        ("verify -a ./archive", "read it all back"),
        ("verify -a ./archive --sample 1/30", "every night a part: all in 60 days"),
        (f"verify -a {EXAMPLE} --json > verified.json", "for an auditor"),
        (f"verify -a {EXAMPLE} --read --dask tls://scheduler:8786", "by many machines"),
    ),
)
@archive_option
@settings_options
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
@click.option("--dask", metavar="ADDRESS", help="Read on a Dask cluster: tcp://scheduler:8786.")
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
    return ended.printed(as_json=as_json)


def _request(given: dict[str, Any], head: Head | None) -> VerifyRequest:
    """Return what these options ask for; raises :class:`UsageError`, naming the option."""
    if given["quick"] and given["read_all"]:
        raise UsageError("--quick reads no file, and --read every one.", advice="Give one of them.")
    if given["quick"] and given["dask"]:
        raise UsageError("--quick reads no file.", advice="Leave out --dask.")
    return VerifyRequest(
        quick=given["quick"],
        read_all=given["read_all"],
        one_in=_one_in(given["sample"], quick=given["quick"]),
        head=head,
        wait_s=0 if given["wait"] == "0" else read_option(given, "wait", seconds) or 0,
        dask=given["dask"],
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
        for line in lines(result):
            click.echo(named(line))
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
        "unfinished_erasures": report.unfinished_erasures,
        "chain": chain,
        "bytes_read": report.reading.bytes,
        "bytes_total": report.reading.total,
        "head": head,
    }
