"""``archiver copy``: keep a second copy of an archive, checked as it is made."""

from datetime import UTC, date, datetime
from typing import Any

import click

from archiver.app.check.copy_ import CopyRequest, CopyResult, copy_archive
from archiver.cli import loading
from archiver.cli.check.verify import reading_shown
from archiver.cli.examples import examples
from archiver.cli.options import absolute, archive_options, verbose_option
from archiver.cli.screen.console import emit, first_few, print_document
from archiver.config.archive_address import EXAMPLE, FORMS
from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted, human_bytes
from archiver.domain.times.portal_offsets import always
from archiver.domain.times.time_input import day_of
from archiver.errors import ExitCode
from archiver.manifest.codec import plain


@click.command(
    "copy",
    epilog=examples(
        ("copy -a ./archive --to /mnt/copy", "begin a copy, or bring it up to date"),
        (f"copy -a ./archive --to {EXAMPLE} --since 7d", "nightly, into a bucket"),
        (f"copy -a {EXAMPLE} --to ./archive", "bring a lost archive back"),
    ),
)
@click.option(
    "--to",
    required=True,
    metavar="ARCHIVE",
    multiple=True,
    callback=absolute,
    help=f"Where to: a {FORMS}.",
)
@click.option(
    "--since",
    metavar="DATE",
    help="Compare older files by name and size alone: 2026-11-01, yesterday, 7d (UTC).",
)
@click.option(
    "--with-gaps",
    is_flag=True,
    help="Copy manifests too whose files the archive has lost or damaged.",
)
@click.option(
    "--mend", is_flag=True, help="Set damaged files of the copy aside, and copy them anew."
)
@click.option(
    "--confirm-compliance",
    is_flag=True,
    help="Confirm that COMPLIANCE locks in the copy can't be removed, even by root.",
)
@archive_options
@verbose_option
def command(*, as_json: bool, **given: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Keep a second copy of an archive: a folder or a bucket, either way.

    Copies every file that the manifests name, then the manifests, and compares what is there
    already; nothing is overwritten or removed. Each file is held against its SHA-256 while it is
    copied. What is missing or damaged in the archive is named, and all else is copied. Cut off
    anywhere, it goes on when it is run again.

    The copy is the same archive: verify names the same head, and pull goes on with either. So it is
    refused where another archive or another chain is, or where the copy is ahead. What was erased
    is not copied.

    Ends with 0 only where the copy has all of it.
    """
    since = given["since"]
    request = CopyRequest(
        given["to"],
        None if since is None else _day(since),
        with_gaps=given["with_gaps"],
        mend=given["mend"],
        confirms_compliance=given["confirm_compliance"],
    )
    context = loading.load(given)
    with reading_shown("copying the archive") as heard:
        result = copy_archive(request, context, heard)
    if as_json:
        print_document(document(result), result.code, indent=2)
    else:
        _tell(result)
    return result.code


def _day(text: str) -> date:
    return day_of(text, now=datetime.now(UTC).replace(tzinfo=None), offsets=always(0))


def document(result: CopyResult) -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/copy.schema.json``)."""
    files = result.files
    return {
        "archive": result.archive,
        "files": {
            "copied": files.copied,
            "mended": files.mended,
            "compared": files.there,
            "sized": files.sized,
        },
        "bytes_copied": files.bytes,
        "manifests": result.manifests,
        "left": [{"path": printable(each.path), "what": each.what} for each in result.left],
        "held_back_from": result.held_back_from,
        "newer": result.newer,
        "head": plain(result.head),
        "copy_head": plain(result.copy_head),
    }


def _tell(result: CopyResult) -> None:
    files = result.files
    if files.sized:
        named = counted(files.sized, "older file was", "older files were")
        emit(f"--since: {named} NOT read: names and sizes alone were compared.", "noticed")
    for line in first_few(result.left, lambda each: printable(str(each))):
        click.echo(f"{'left':<10} {line}")
    copied = f"{counted(files.copied, 'file')} copied ({human_bytes(files.bytes)})"
    manifests = counted(result.manifests, "manifest")
    if files.mended:
        copied += f", {files.mended} of them in place of what was set aside"
    there = f"{files.there} there already with the same bytes"
    sized = f", {files.sized} of the same size" if files.sized else ""
    emit(f"{copied}, {there}{sized}; {manifests} copied.")
    for line in _closing(result):
        emit(line, "finding")
    emit(f"Head of the copy: {result.copy_head or 'none'}")


def _closing(result: CopyResult) -> list[str]:
    """Return what is to be said and done where the copy is not whole."""
    lines = []
    if result.left:
        lines.append(
            "The copy is NOT as it should be. What the archive has lost: archiver repair -a "
            "ARCHIVE. What is damaged in the copy: copy again with --mend. Take out of it what no "
            "manifest names."
        )
    if result.held_back_from is not None:
        lines.append(
            f"Manifests from number {result.held_back_from} on were not copied, since they name a "
            "file that is not in the copy; --with-gaps copies them all the same."
        )
    if result.newer:
        manifests = counted(result.newer, "manifest was", "manifests were")
        lines.append(f"{manifests} entered in the archive meanwhile. Copy again.")
    return lines
