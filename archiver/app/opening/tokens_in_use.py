"""The tokens that one command works with: each of its accounts needs its own.

With the token of another, an account would archive that other's recordings, and end clean.
"""

from msgspec import Struct, field

from archiver.errors import UsageError
from archiver.secret import Secret, Unshown


class TokensInUse(Unshown, Struct, frozen=True):
    """Remembers whose each token is, for as long as a command lasts.

    Of ``12|secret``, as some portals write their tokens, the part behind the stroke tells: such a
    portal takes that alone as well.
    """

    _owners: dict[str, tuple[str, str]] = field(default_factory=dict)

    def require_own(self, token: Secret, account: str, place: str) -> None:
        """Raise :class:`UsageError` for a token that another account has; ``place`` is where."""
        owner, other = self._owners.setdefault(token.reveal().rpartition("|")[2], (account, place))
        if owner != account:
            raise UsageError(
                f"Account {account} has the same token as {owner} ({other}): each needs its own."
            )
