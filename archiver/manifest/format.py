"""The version of the archive's format, and how one that is too new is refused."""

from archiver.errors import UsageError

FORMAT = 1


def checked_format(number: int) -> int:
    """Return ``number`` if it is a format that was released; raises ``ValueError``."""
    if not 1 <= number <= FORMAT:
        raise ValueError(f"there is no format {number}")
    return number


def refuse_newer(document: object, what: str) -> None:
    """Raise :class:`UsageError` when a document says that its format is higher than ours."""
    version = document.get("format") if isinstance(document, dict) else None
    if type(version) is int and version > FORMAT:
        raise UsageError(
            f"This archive has a {what} of format {version}; this archiver reads up to {FORMAT}.",
            advice="Use the newer archiver that wrote it.",
        )
