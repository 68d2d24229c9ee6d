"""The page's file: whole or not there. It replaces an earlier page, and nothing else."""

from pathlib import Path

from archiver.errors import DestinationError, UsageError
from archiver.get.output_files import Target
from archiver.report.page.html_page import MARK
from archiver.store.os_errors import map_os_errors


def require_place(path: Path) -> None:
    """Raise :class:`UsageError` where no page may be put; nothing is written."""
    Target(str(path)).require_usable()
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", advice="Name a file with --out: report.html")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}.", advice="Make it, or name another.")
    if path.exists() and not _is_page(path):
        raise UsageError(
            f"{path} exists already, and is no page of archiver report; it was not touched.",
            advice="Name another file with --out.",
        )


def put_page(path: Path, page: bytes) -> None:
    """Put a page in its place; raises :class:`UsageError` and :class:`DestinationError`."""
    require_place(path)
    with Target(str(path)).draft() as draft, map_os_errors(f"writing {path}"):
        draft.file.write(page)
        draft.file.flush()
        draft.path.replace(path)


def _is_page(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MARK)) == MARK
    except OSError as error:
        raise DestinationError(f"{path} cannot be read: {error.strerror}.") from error
