"""Which manifest counts where a place keeps several versions under one number. Pure.

A place that keeps versions may let two writers through at the same moment, and whoever may write
can put something over a manifest. So a number's version is not the newest, as a plain reader gets
it, but the one that the manifest above was written on; and of the highest number, the oldest: that
writer was first, and any other has taken its own back or was killed before it could. A delete
marker hides none of them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

from archiver.domain.layout import manifest_number
from archiver.json_documents import BadDocument
from archiver.manifest.model import Manifest


class ListedVersion(Protocol):
    """What the place lists; of one key the oldest first."""

    @property
    def key(self) -> str:
        """The name, in the archive's own layout."""
        ...

    @property
    def version(self) -> str | None:
        """How to ask for just this one."""
        ...

    @property
    def is_current(self) -> bool:
        """Whether a plain reader gets it."""
        ...

    @property
    def is_marker(self) -> bool:
        """Whether it is nothing but a mark that the name was deleted."""
        ...


V = TypeVar("V", bound=ListedVersion)


def numbered(listed: Iterable[V]) -> dict[int, list[V]]:
    """Return the versions of each number that are listed, lowest number and oldest version first.

    What is no manifest's name is left out.
    """
    found = defaultdict[int, list[V]](list)
    for each in listed:
        number = manifest_number(each.key)
        if number is not None and not each.is_marker:
            found[number].append(each)
    return dict(sorted(found.items()))


def named(listed: Iterable[V], key: str) -> list[V]:
    """Return the versions of one name, the oldest first; it may be the start of others."""
    return [each for each in listed if each.key == key and not each.is_marker]


def deleted(listed: Iterable[ListedVersion]) -> list[int]:
    """Return the numbers that have delete markers and no version under them, the lowest first."""
    marked, kept = set[int](), set[int]()
    for each in listed:
        number = manifest_number(each.key)
        if number is not None:
            (marked if each.is_marker else kept).add(number)
    return sorted(marked - kept)


def counting(
    versions: Mapping[int, Sequence[V]], read: Callable[[V], bytes | None]
) -> dict[int, V]:
    """Return the version of each number that counts, lowest number first.

    ``read`` returns the bytes of one, ``None`` if they can't be had. It is asked only where a
    number has several versions, and another is above it.
    """
    chosen: dict[int, V] = {}
    for number in sorted(versions, reverse=True):
        several = versions[number]
        above = chosen.get(number + 1) if len(several) > 1 else None
        below = _below(read(above)) if above else None
        is_named = (each for each in several if below and _sha256(read(each)) == below)
        chosen[number] = next(is_named, several[0])
    return dict(sorted(chosen.items()))


def _below(text: bytes | None) -> str | None:
    """Return the hash of what a manifest was written on, ``None`` if it doesn't say."""
    with suppress(BadDocument):
        previous = Manifest.from_json(text).previous if text else None
        return previous.sha256 if previous else None
    return None


def _sha256(text: bytes | None) -> str | None:
    return None if text is None else hashlib.sha256(text).hexdigest()
