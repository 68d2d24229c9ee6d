"""How the address of an archive is written, by what stands before its ``://``. Pure.

Which place an address leads to, and what that place can do, the stores know.

>>> scheme_of("s3://calls/2026"), scheme_of("s3:/calls"), scheme_of("/srv/calls")
('s3', 's3', '')
"""

from collections.abc import Callable, Mapping

from archiver.config import s3_options
from archiver.errors import UsageError

FORMS = f"folder, or {s3_options.FORM}"
"""What an address may be, for the help of an option."""
EXAMPLE = s3_options.EXAMPLE
_READERS: Mapping[str, Callable[[str], object]] = {s3_options.SCHEME: s3_options.place}
"""What reads the addresses of a scheme; raises ``ValueError``. Others stay as they are."""


def scheme_of(address: str) -> str:
    """Return what stands before ``://``; empty for a folder.

    ``s3:/calls`` is meant to be a bucket, so it is not taken for a folder of that name.
    """
    scheme, sign, _ = address.partition("://")
    if sign:
        return scheme
    return s3_options.SCHEME if address.lower().startswith(f"{s3_options.SCHEME}:") else ""


def folder_of(address: str) -> str | None:
    """Return the folder that an address is, ``None`` when it is another kind of place."""
    return None if scheme_of(address) else address


def read_address(text: str) -> str:
    """Return an address that is no folder in the one form that it has.

    Raises :class:`UsageError` for one that names no place.
    """
    scheme = scheme_of(text)
    if scheme in {"http", "https"}:
        raise UsageError(f"must be a folder, or a bucket such as {EXAMPLE}, and no web page")
    try:
        return str(_READERS.get(scheme, str)(text))
    except ValueError as error:
        raise UsageError(str(error)) from error
