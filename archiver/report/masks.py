"""Phone numbers as a page shows them that travels by mail. Pure.

>>> masked("+44 7700 900123"), masked("201"), masked("anonymous")
('+•• •••• •••123', '•••', 'anonymous')
>>> masked_name("Ann Lee 2"), masked_name("Ann 447700900123")
('Ann Lee 2', 'Ann •••••••••123')
"""

from archiver.domain.plain_text import printable

SHOWN = 3
"""So many digits at the end of a number stay, for whoever knows it to recognise it."""
A_NUMBER = 7
"""Text with so many digits has a phone number in it. A shorter number is an extension."""
_DOT = "•"


def masked(number: str) -> str:
    """Return a number without its digits but for the last three; an extension without any."""
    digits = [place for place, character in enumerate(number) if character.isdigit()]
    shown = list(number)
    for place in digits[:-SHOWN] if len(digits) >= A_NUMBER else digits:
        shown[place] = _DOT
    return printable("".join(shown))


def masked_name(name: str) -> str:
    """Return a name as it is, unless there are so many digits in it that it is a number."""
    return masked(name) if sum(map(str.isdigit, name)) >= A_NUMBER else printable(name)
