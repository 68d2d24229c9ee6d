"""The tag files of a BagIt 1.0 bag (RFC 8493), from hashes that are known already. Pure.

A bag holds what is handed over under ``data/``. Its payload manifest is the list of hashes, so
``sha256sum -c manifest-sha256.txt`` checks it as well as any library does.
"""

from collections.abc import Iterator

from archiver.domain.plain_text import printable
from archiver.handover.handed_over import Handover, PartFacts

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
"""What ``bagit.txt`` holds, to the byte."""


def bag_info(handover: Handover, part: PartFacts) -> bytes:
    """Return ``bag-info.txt``."""
    return "".join(
        f"{name}: {printable(value)}\n" for name, value in _told(handover, part)
    ).encode()


def _told(handover: Handover, part: PartFacts) -> Iterator[tuple[str, str]]:
    yield "Bagging-Date", f"{handover.started:%Y-%m-%d}"
    yield "Bag-Software-Agent", handover.tool
    yield "Contact-Name", handover.by
    yield "External-Description", "Call recordings, with what proves them"
    yield "External-Identifier", f"{handover.export}-{part.number:03}"
    yield "Payload-Oxum", f"{part.bytes}.{part.files}"
    if handover.in_parts:
        yield "Bag-Group-Identifier", handover.export
        yield "Bag-Count", f"{part.number} of {part.number if part.is_last else '?'}"
    yield "Archive", handover.archive
    yield "Archive-Head", str(handover.head)
