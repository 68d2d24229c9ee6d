r"""A Concordance load file, which Relativity and its like import. Pure.

There is no public specification. What importers agree on is written: UTF-8 with a byte order mark,
each value between two ``þ``, fields parted by the control character 0x14, lines by CR and LF, paths
with ``\``.
"""

from collections.abc import Iterable

from archiver.domain.plain_text import printable
from archiver.handover.csv_lists import BOM
from archiver.handover.handed_over import HandedOver

NAME = "load_file.dat"
_QUOTE, _BETWEEN = "\u00fe", "\x14"
_COLUMNS = (
    *("DOCID", "NATIVELINK", "SHA256HASH", "FILESIZE", "DATETIME", "CALLER", "CALLED", "AGENT"),
    *("DURATION", "VERDICT"),
)


def header() -> bytes:
    """Return how the file begins."""
    return BOM + _line(_COLUMNS)


def line(row: HandedOver) -> bytes:
    """Return the line of a recording."""
    moment = row.moment
    seconds = "" if row.length_ms is None else f"{row.length_ms / 1000:.3f}"
    return _line(
        (
            *(row.id, row.path.replace("/", "\\"), row.sha256, str(row.bytes)),
            *(moment.isoformat() if moment else "", row.caller, row.called, row.agent),
            *(seconds, row.verdict),
        )
    )


def _line(values: Iterable[str]) -> bytes:
    cells = (f"{_QUOTE}{_plain(value)}{_QUOTE}" for value in values)
    return (_BETWEEN.join(cells) + "\r\n").encode()


def _plain(value: str) -> str:
    """Return a value on one line, with what would end it spelled out."""
    return printable(value).replace(_QUOTE, r"\xfe")
