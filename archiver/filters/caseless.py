r"""Texts as they are compared: whatever the case, however an accent or a space is encoded. Pure.

>>> caseless("Jose\u0301  LEE ") == caseless("Jos\u00e9 lee")
True
"""

from unicodedata import normalize


def caseless(text: str) -> str:
    """Return what is compared of a text: caseless, composed (NFKC), single spaces between words."""
    folded = normalize("NFKC", normalize("NFKC", text).casefold())
    return " ".join(folded.split())
