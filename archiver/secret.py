"""Values that must never be shown: the portal's token, and links while they live.

>>> str(Secret("token-value"))
'<secret>'
"""

from typing import Any

from msgspec import Struct


class Unshown:
    """Prints as the name of its class alone, since there may be secrets in what it holds."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show nothing in tracebacks by rich, which asks this of any struct and not its repr."""
        return []


class Secret(Unshown, Struct, frozen=True):
    """A string that prints as ``<secret>``; :meth:`reveal` is the only way to its value."""

    _value: str

    def reveal(self) -> str:
        """Return the value; call this only where the value is put on the wire."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)
