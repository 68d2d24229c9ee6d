"""Colours on a terminal. Whoever sets ``NO_COLOR`` (no-color.org) gets none.

What is printed to anything but a terminal loses them on its way: click takes them out.
"""

import os
from collections.abc import Mapping

import click

RED, YELLOW, GREEN = "red", "yellow", "green"


def coloured(text: str, colour: str | None, environ: Mapping[str, str] | None = None) -> str:
    """Return a text that is safe to show in a colour, or as it is."""
    environ = os.environ if environ is None else environ
    if colour is None or environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return text
    return click.style(text, fg=colour)
