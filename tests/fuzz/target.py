"""A fuzz target: a function that takes any bytes whatever and asserts laws of them."""

from collections.abc import Callable

from msgspec import Struct


class Target(Struct, frozen=True):
    """``law`` raises on a breach; ``seeds`` are where mutation begins, ``words`` worth trying.

    ``longest`` is how many bytes an input may have.
    """

    law: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]
    longest: int = 4096

    @property
    def name(self) -> str:
        """What cases and figures call it: the law's own name."""
        return self.law.__name__
