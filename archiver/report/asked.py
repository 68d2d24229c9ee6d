"""A selection in words, as a page may show it: without what could be a phone number. Pure.

>>> in_words(FilterRequest(day="2019-06-11", number=("0123",)))
'by number, day 2019-06-11'
"""

from msgspec.structs import fields

from archiver.filters.request import FilterRequest

_UNSHOWN = frozenset({"ids", "number", "agent", "notes"})
"""What is typed there may name a person."""


def in_words(asked: FilterRequest) -> str:
    """Return which filters were given, and what was asked where that names nobody."""
    told = ((each.name, getattr(asked, each.name)) for each in fields(asked))
    return ", ".join(_told(name, value) for name, value in told if value)


def _told(name: str, value: str | tuple[str, ...]) -> str:
    label = name.removesuffix("s") if name == "ids" else name.replace("_", " ")
    if name in _UNSHOWN:
        return f"by {label}"
    return f"{label} {value if isinstance(value, str) else ' or '.join(value)}"
