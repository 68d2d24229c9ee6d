"""Dividing accounts over machines: every account is of one shard, by its name alone.

Shards count from 0, as the indexes of a Kubernetes job do.

>>> [name for name in ("north", "south", "east") if Shard.of("0/2").has(name)]
['south']
"""

import hashlib
import re
from collections.abc import Sequence

from msgspec import Struct

from archiver.app.opening.context import Context
from archiver.cli.screen.console import emit
from archiver.errors import UsageError

_SHARD = re.compile(r"([0-9]{1,4})/([1-9][0-9]{0,3})")


class Shard(Struct, frozen=True):
    """Shard ``index`` of ``count``."""

    index: int
    count: int

    @classmethod
    def of(cls, text: str) -> "Shard":
        """Read ``0/3``; raises :class:`UsageError`."""
        match = _SHARD.fullmatch(text)
        if match is None or int(match[1]) >= int(match[2]):
            raise UsageError(
                "--shard must be such as 0/3: of three shards the first, 2/3 the last."
            )
        return cls(int(match[1]), int(match[2]))

    def has(self, account: str) -> bool:
        """Whether it is this shard that works for the account."""
        digest = hashlib.sha256(account.encode()).digest()
        return int.from_bytes(digest, "big") % self.count == self.index


def share(
    contexts: Sequence[Context], text: str | None, named: Sequence[str] = ()
) -> tuple[Context, ...]:
    """Return those of the accounts that are of a shard, all of them if no shard is given.

    Raises :class:`UsageError` for what is no shard, where there are no accounts to divide, and
    where those that were ``named`` are all of other shards.
    """
    if text is None:
        return tuple(contexts)
    shard = Shard.of(text)
    if any(context.account is None for context in contexts):
        raise UsageError("--shard divides accounts, and the settings have none.")
    ours = tuple(context for context in contexts if shard.has(str(context.account)))
    if not ours and named:
        raise UsageError(
            f"No account that --account names is of shard {text}.",
            advice="Give --account or --shard alone.",
        )
    if not ours:
        emit(f"No account is of shard {text}: there is nothing to do.")
    return ours
