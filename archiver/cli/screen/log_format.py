"""A command that speaks as it was asked to from its first word on, before any setting is read."""

import os
import re
from collections.abc import Mapping, Sequence
from functools import partial

import click

from archiver.cli.screen import console as output
from archiver.cli.screen.redaction import log_as
from archiver.config.registry import BY_NAME


class Speaking(click.Command):
    """Tells what is wrong with its words and settings in that manner, too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look how to speak, then at all the rest."""
        speak(asked_for(args, os.environ))
        return super().parse_args(ctx, args)


def asked_for(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the format that a command line or, if it names none, the environment asks for.

    >>> asked_for(["--day", "today", "--log-format", "json"], {})
    'json'
    """
    typed = re.findall(r"--log-format[=\0](\w*)", "\0".join(words))
    return typed[-1] if typed else environ.get(BY_NAME["log_format"].variable, "")


def speak(log_format: str) -> None:
    """Let the command of this moment say and log everything as ``text`` or ``json``."""
    output.speak(log_format)
    log_as(log_format)
    click.get_current_context().call_on_close(partial(log_as, "text"))
