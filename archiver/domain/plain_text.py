r"""Text that others wrote, as it may be shown: nothing in it may act, whoever wrote it. Pure.

Names and notes come from callers, so an escape sequence, a line that reads backwards or a formula
in them is shown as what it is.

>>> printable("Ann\x1b[2J")
'Ann\\x1b[2J'
>>> csv_cell("=1+1"), csv_cell("Ann; =1+1")
("'=1+1", "Ann;' =1+1")
"""

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SPLIT_OFF = re.compile(rf"""([,;|])(?=[\s"]*[{re.escape("".join(FORMULA_STARTS))}])""")
"""What parts cells somewhere, with a formula behind it.

Where Excel parts them by semicolons, it parts even what the file quotes.
"""


def printable(text: str) -> str:
    """Return one line in which everything that a terminal would obey is spelled out.

    That is every control and format character (escape, newline, bidirectional marks), lone
    surrogates and separators other than the space.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def csv_cell(text: str) -> str:
    """Return :func:`printable` text that a spreadsheet takes as text and never as a formula.

    That is so as well where it parts cells by another character than the file does.
    """
    cell = _SPLIT_OFF.sub(r"\1'", printable(text))
    return f"'{cell}" if cell.lstrip().startswith(FORMULA_STARTS) else cell
