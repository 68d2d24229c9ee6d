"""What others store or erase while an audit looks: manifests tell of it that come meanwhile.

A run enters what it stored after some hundred recordings, or two minutes. An audit that comes
between finds files that no manifest names yet. They are no strangers' if a manifest names them
soon: the chain is read on, and beside a run that is writing it is waited for. What an erasure
takes away was named when the audit began: before it is missed, the chain is read on as well.
"""

import time
from collections.abc import Callable

from msgspec import Struct

from archiver.check.audit_report import FileProblem
from archiver.check.chain_check import ChainCheck
from archiver.check.expected_files import Expectations
from archiver.errors import DestinationError
from archiver.manifest.counting import named
from archiver.store.base import Item, Store

GLANCE_S = 2.0
"""How often the chain is looked at again."""


class OtherRun(Struct, frozen=True):
    """A run that may be writing beside an audit, and how long that waits for it.

    ``wait`` waits so many seconds; ``announce`` is told once how many files are waited for.
    """

    is_writing: Callable[[], bool]
    most_s: float
    wait: Callable[[float], object]
    announce: Callable[[int], object]
    clock: Callable[[], float] = time.monotonic


NOBODY = OtherRun(bool, 0, bool, bool)


def still_unnamed(
    unnamed: list[list[Item]],
    store: Store,
    chain: ChainCheck,
    expected: Expectations,
    other_run: OtherRun,
) -> list[Item]:
    """Return what no manifest names, the later ones included, and is there still.

    ``unnamed`` has all versions of each name.
    """
    until, is_told = other_run.clock() + other_run.most_s, False
    while unnamed:
        # Asked before the chain is read: what a run entered last, before it ended, is read then.
        was_writing = other_run.is_writing()
        chain.read()
        unnamed = [each for each in unnamed if not expected.see(each[0].key, each)]
        left_s = until - other_run.clock()
        if not (unnamed and was_writing and left_s > 0):
            break
        if not is_told:
            other_run.announce(len(unnamed))
            is_told = True
        other_run.wait(min(GLANCE_S, left_s))
    items = [item for each in unnamed for item in each]
    return [item for item in items if _is_there(store, item)] if is_told else items


def not_taken_away(
    missing: list[FileProblem], chain: ChainCheck, expected: Expectations
) -> list[FileProblem]:
    """Return what is missing of what no erasure took away since the chain was read.

    Nor did a repair, which enters what is lost.
    """
    named = {each.path for each in missing if expected.names(each.path)}
    if named:
        chain.read()
    return [each for each in missing if each.path not in named or expected.names(each.path)]


def _is_there(store: Store, item: Item) -> bool:
    """Whether it has not been set aside meanwhile by the run that was waited for."""
    try:
        return bool(named(store.versions(item.key), item.key))
    except DestinationError:
        return True
