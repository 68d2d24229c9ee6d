"""``archiver repair``: bring back what verify found missing or damaged."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from archiver.app.check.repair import RepairRequest, RepairResult, repair
from archiver.check.audit_report import ReadCounts
from archiver.cli import loading
from archiver.cli.check.verify import reading_shown
from archiver.cli.examples import examples
from archiver.cli.options import (
    absolute,
    archive_option,
    as_copied,
    by_option,
    head_option,
    json_option,
    rate_option,
    settings_options,
    verbose_option,
)
from archiver.cli.screen.console import emit, first_few, print_document
from archiver.domain.plain_text import printable
from archiver.errors import ExitCode
from archiver.manifest.codec import plain


@click.command(
    "repair",
    epilog=examples(
        ("repair -a ./archive --dry-run", "what is damaged or missing?"),
        ("repair -a ./archive --from /mnt/copy", "bring it back from a copy"),
    ),
)
@click.argument("names", nargs=-1, callback=as_copied, metavar="[ID|PATH]...")
@click.option(
    "--from",
    "source",
    metavar="ARCHIVE",
    multiple=True,
    callback=absolute,
    help="Another copy: a folder or a bucket.",
)
@click.option("--quick", is_flag=True, help="Look for wrong sizes and missing files only.")
@by_option("Who repairs")
@head_option
@click.option(
    "-n", "--dry-run", is_flag=True, help="Say what is missing or damaged; change nothing."
)
@archive_option
@rate_option
@json_option
@settings_options
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
    dry_run = given["dry_run"]
    context = loading.load(given)
    request = RepairRequest(
        tuple(_key_of(name, context.archive()) for name in names),
        given["source"],
        given["head"],
        quick=given["quick"],
        dry_run=dry_run,
        by=given["by"],
    )
    with reading_shown() as heard:
        result = repair(request, context, heard)
    if as_json:
        code = result.code if result.stopped is None else result.stopped.exit_code
        print_document(document(result, dry_run=dry_run), code, indent=2)
    else:
        _tell(result, "to repair" if dry_run else "left")
    if result.stopped is not None:
        raise result.stopped
    if dry_run:
        emit("This was a dry run: nothing was changed.")
    else:
        for line in _what_to_do(result):
            emit(line)
    if result.originals:
        emit(
            f"Originals lost: {len(result.originals)}. What took their place is a finding until "
            "you accept it: archiver accept ID --reason TEXT."
        )
    return result.code


def _what_to_do(result: RepairResult) -> Iterator[str]:
    """Say what a person must do about what is left: nothing takes the place of what can't be read.

    It may be whole.
    """
    if result.unread:
        yield (
            "What can't be read was left as it is. Where something else lies under its name, move "
            "that away; else check the disk, the rights, and who runs repair. Then repair again."
        )
    if len(result.left) > result.unread:
        rest = "What else is left" if result.unread else "What is left"
        yield f"{rest} needs another copy that has it whole: --from ARCHIVE; or the provider."


def _key_of(name: str, archive: str) -> str:
    """Return the key of a file that was named by where it lies in the archive's folder."""
    try:
        return Path(name).resolve().relative_to(Path(archive).resolve()).as_posix()
    except ValueError:
        return name


def document(result: RepairResult, *, dry_run: bool) -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/repair.schema.json``)."""
    return {
        "dry_run": dry_run,
        "uncovered": list(result.uncovered),
        "files": {
            "read": result.reading.files,
            "sized": result.reading.sized,
            "told": result.reading.told,
        },
        "put_back": list(result.put_back),
        "replaced": list(result.replaced),
        "originals_lost": list(result.originals),
        "left": [{"path": printable(each.path), "what": each.what} for each in result.left],
        "head": plain(result.head),
    }


def _tell(result: RepairResult, rest: str) -> None:
    kinds = {
        "uncovered": result.uncovered,
        "put back": result.put_back,
        "replaced": result.replaced,
        rest: tuple(map(str, result.left)),
    }
    for kind, names in kinds.items():
        for line in first_few(names, printable):
            click.echo(f"{kind:<10} {line}")
    for line in _not_read(result.reading):
        emit(line, "noticed")
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in kinds.items())
    emit(f"{counts}. Head: {result.head or 'none'}")


def _not_read(reading: ReadCounts) -> Iterator[str]:
    """Yield which files were taken for whole without being read, and why."""
    unread = f"of {reading.every} files were NOT read"
    if reading.sized:
        yield f"--quick: {reading.sized} {unread}: their names and sizes alone were compared."
    if reading.told:
        yield f"{reading.told} {unread}: the server told the SHA-256 that it worked out itself."
