r"""Texts as they are compared: whatever the case, however an accent or a space is encoded. Pure.

>>> caseless("Jose\u0301  LEE ") == caseless("Jos\u00e9 lee")
True
>>> caseless("\u0130pek"), caseless("\u00c5\u200bsa")
('ipek', '\xe5sa')
"""

from unicodedata import category, normalize

_UNSEEN = "Cf"
"""The category of what has no form of its own: joiners, soft hyphens, marks of direction."""
_DOTTED = "i\u0307"
"""What a Turkish capital I with its dot is in lower case, which nobody types."""


def caseless(text: str) -> str:
    """Return what is compared of a text: caseless, composed (NFKC), single spaces between words."""
    seen = "".join(each for each in text if category(each) != _UNSEEN)
    folded = normalize("NFKC", normalize("NFKC", seen).casefold()).replace(_DOTTED, "i")
    return " ".join(folded.split())
