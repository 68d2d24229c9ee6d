"""Several versions under one name: which is the one that was archived, and what the others are.

The hash decides. The version that the chain names is a hint: what was copied into another bucket
has other versions of the same bytes there. Pure, but for the check that is passed in.
"""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from archiver.check.audit_report import FileProblem
from archiver.store.base import Item

R = TypeVar("R")


class Layers(Struct, Generic[R], frozen=True):
    """The version that stands for a name with what a check said of it, and all the others.

    ``doubled`` have its bytes as well, ``foreign`` have other ones. ``covered`` means that a plain
    reader does not get its bytes.
    """

    item: Item
    result: R
    doubled: tuple[FileProblem, ...]
    foreign: tuple[FileProblem, ...]
    covered: bool


def layers(
    versions: Sequence[Item], hint: str | None, check: Callable[[Item], tuple[bool, R]]
) -> Layers[R]:
    """Return what stands for a name: what is whole, and if nothing is, what a plain reader gets.

    ``versions`` are the oldest first, and at least one. ``check`` says of a version whether it is
    whole, and whatever else there is to say. Of several that are whole, it is the one of the
    ``hint``, and else the oldest.
    """
    results = {item: check(item) for item in versions}
    whole = [item for item, (is_whole, _) in results.items() if is_whole]
    hinted = (item for item in whole if item.version == hint)
    current = next((item for item in versions if item.is_current), versions[-1])
    right = next(hinted, whole[0] if whole else current)
    others = [item for item in versions if item is not right]
    place = versions.index(right)
    return Layers(
        item=right,
        result=results[right][1],
        doubled=tuple(_doubled(item) for item in others if item in whole),
        foreign=tuple(
            _foreign(item, right if whole else None, is_older=versions.index(item) < place)
            for item in others
            if item not in whole
        ),
        covered=bool(whole) and not any(item.is_current for item in whole),
    )


def _doubled(item: Item) -> FileProblem:
    what = f"version {item.version} has the very bytes that were archived"
    return FileProblem(item.key, what, item.version)


def _foreign(item: Item, right: Item | None, *, is_older: bool) -> FileProblem:
    """Say what another version is to the one that was archived."""
    what = f"version {item.version} is not what was archived"
    if right is not None:
        where = "under" if is_older else "over"
        what += f": it lies {where} version {right.version}, which is"
    return FileProblem(item.key, what, item.version)
