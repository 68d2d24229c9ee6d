"""The archive's address in the settings, opened as the kind of store that it names."""

from typing import TYPE_CHECKING

from archiver.cli.configuration import Context
from archiver.errors import UsageError

if TYPE_CHECKING:
    from archiver.store.base import Store


def open_store(context: Context) -> "Store":
    """Return the archive's store; nothing is written by opening it. Raises :class:`UsageError`."""
    from pathlib import Path  # noqa: PLC0415  # keeps --help quick

    from archiver.store.local import LocalStore  # noqa: PLC0415  # as above

    address = context.archive()
    if address.startswith("s3://"):
        raise UsageError("This command works on a folder.", advice="Name one with --archive.")
    return LocalStore(Path(address))
