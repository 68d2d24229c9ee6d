"""Values that must never be shown: the portal's token, and links while they live.

>>> str(Secret("token-value"))
'<secret>'
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A string that prints as ``<secret>``; :meth:`reveal` is the only way to its value."""

    _value: str

    def reveal(self) -> str:
        """Return the value; call this only where the value is put on the wire."""
        return self._value

    def __repr__(self) -> str:
        return "<secret>"

    def __bool__(self) -> bool:
        return bool(self._value)
