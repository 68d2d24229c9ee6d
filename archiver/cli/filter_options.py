"""The options that choose recordings, shared by every command that works on some of an archive."""

from collections.abc import Mapping
from typing import Any

import click

from archiver.cli.options import SINCE, as_copied, once, together
from archiver.domain.outcomes import Verdict
from archiver.filters.filters import Standing
from archiver.filters.request import FILTER_FIELDS, FilterRequest

ids_argument = click.argument("ids", nargs=-1, callback=as_copied, metavar="[ID]...")
number_option = click.option(
    "--number",
    multiple=True,
    metavar="NUMBER",
    help="Caller or called number in any usual form, its last digits, or '*digits*' in its middle;"
    " several: any of them.",
)
agent_option = click.option(
    "--agent", multiple=True, metavar="TEXT", help="Part of the agent's name; several: any of them."
)
day_option = click.option(
    "--day", multiple=True, callback=once, metavar="DATE", help="Recordings of that day."
)
since_option = click.option("--since", multiple=True, callback=once, metavar="TIME", help=SINCE)
until_option = click.option(
    "--until", multiple=True, callback=once, metavar="TIME", help="End, included."
)
filter_options = together(
    ids_argument,
    number_option,
    agent_option,
    since_option,
    until_option,
    day_option,
    click.option(
        "--min-length",
        multiple=True,
        callback=once,
        metavar="LENGTH",
        help="Shortest, as measured: 90s, 1m30s, 1:30, 1h.",
    ),
    click.option(
        "--max-length", multiple=True, callback=once, metavar="LENGTH", help="Longest, as measured."
    ),
    click.option(
        "--verdict", multiple=True, metavar="V", help=f"What the audio is: {', '.join(Verdict)}."
    ),
    click.option(
        "--outcome", multiple=True, metavar="O", help=f"What became of it: {', '.join(Standing)}."
    ),
    click.option("--status", multiple=True, metavar="TEXT", help="The call's status."),
    click.option("--service", multiple=True, metavar="TEXT", help="The call's service."),
    click.option("--region", multiple=True, metavar="TEXT", help="The call's region."),
    click.option(
        "--notes", multiple=True, metavar="WORDS", help="Words that the call's notes all have."
    ),
)
"""The ids and every option that is a filter; :func:`filter_request` takes them."""


def filter_request(options: Mapping[str, Any]) -> FilterRequest:
    """Return the recordings that these options name."""
    return FilterRequest(**{name: options[name] for name in FILTER_FIELDS})
