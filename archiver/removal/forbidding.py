"""What forbids that something is removed: holds by the chain, locks by the store's own word."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId
from archiver.errors import Missing, RecordingError
from archiver.manifest.records.erasures import Erasure
from archiver.removal.holds.in_force import HoldsInForce
from archiver.store.base import Item, StandingLock, Store


class Forbidden(Struct, frozen=True):
    """Why nothing may be removed: numbers of holds, and when (UTC) the last lock or rule ends.

    A legal hold ends on no date.
    """

    holds: tuple[int, ...] = ()
    until: datetime | None = None
    has_legal_hold: bool = False

    @classmethod
    def of(cls, erasure: Erasure) -> "Forbidden":
        """Return what the chain says that it was refused for: nothing of one that was begun."""
        return cls(erasure.holds, erasure.until, erasure.has_legal_hold)

    def __bool__(self) -> bool:
        return bool(self.holds or self.until or self.has_legal_hold)

    def or_held(self, holds: Iterable[int]) -> "Forbidden":
        """Return the same where these holds bind something that goes with it, too."""
        return replace(self, holds=tuple(sorted({*self.holds, *holds})))

    def or_kept(self, until: datetime | None) -> "Forbidden":
        """Return the same where a retention rule keeps it until then, too."""
        return replace(self, until=max(filter(None, (self.until, until)), default=None))


class StillHeld(RecordingError):
    """What was begun to be erased can't be removed now: ``holds`` bind it since."""

    def __init__(self, holds: tuple[int, ...]) -> None:
        super().__init__(
            f"An erasure that was begun is deferred: hold {', '.join(map(str, holds))} binds it.",
            advice="What is left of it stays until that is released. See: archiver hold list.",
        )
        self.holds = holds


def forbidden(
    store: Store, holds: HoldsInForce, ids: Collection[RecordingId], items: Iterable[Item]
) -> Forbidden:
    """Return what forbids to remove these recordings, and these versions of files."""
    return replace(locked(store, items), holds=binding(holds, ids))


def locked(store: Store, items: Iterable[Item]) -> Forbidden:
    """Return what of the place's own locks forbids to remove these versions of files."""
    locks = [lock for item in items if (lock := _lock_of(store, item))]
    until = max((each.until for each in locks if each.until), default=None)
    return Forbidden(until=until, has_legal_hold=any(each.is_held for each in locks))


def binding(holds: HoldsInForce, ids: Collection[RecordingId]) -> tuple[int, ...]:
    """Return the numbers of the holds that bind any of these."""
    bound = holds.binding(ids).values()
    return tuple(sorted({number for numbers in bound for number in numbers}))


def _lock_of(store: Store, item: Item) -> StandingLock | None:
    if item.is_marker or not store.capabilities.locks:
        return None
    with suppress(Missing):
        return store.locking.standing(item.key, item.version)
    return None
