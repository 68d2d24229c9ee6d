"""``archiver get``: one or a few recordings as plain files, now."""

from typing import Any

import click

from archiver.app.download.get import GetRequest, get
from archiver.cli import loading
from archiver.cli.download.get_words import tell
from archiver.cli.download.numbered import ask
from archiver.cli.download.stdout import STDOUT, Stdout
from archiver.cli.examples import examples
from archiver.cli.filter_options import (
    agent_option,
    day_option,
    ids_argument,
    number_option,
    since_option,
    until_option,
)
from archiver.cli.options import (
    archive_option,
    once,
    settings_options,
    tolerance_option,
    verbose_option,
)
from archiver.errors import ExitCode
from archiver.get.matches import every
from archiver.get.output_files import Target


@click.command(
    name="get",
    epilog=examples(
        ("get 3f10cb7c-e61a-11f1-a97c-91b72265b1f5", "one recording, by its id"),
        ("get 3f10cb7c --day 2026-11-22", "by the beginning of its id"),
        ("get --number 12025550121 --since 7d", "by number; asks which, if there are several"),
        ("get --agent asha --day yesterday --all -o calls/", "an agent's day, into a folder"),
        ("get 3f10cb7c-e61a-11f1-a97c-91b72265b1f5 -o - | ffplay -", "listen to it"),
    ),
)
@ids_argument
@number_option
@agent_option
@day_option
@since_option
@until_option
@click.option(
    "--at",
    multiple=True,
    callback=once,
    metavar="TIME",
    help="Recordings of that minute, or second: '2026-11-22 05:48', or 05:48 with --day.",
)
@click.option("--all", "take_all", is_flag=True, help="Take every match without asking.")
@click.option(
    "--list",
    "with_list",
    is_flag=True,
    help="Write recordings.csv beside the files, as export does.",
)
@click.option("--from-portal", is_flag=True, help="Ask the portal, even if the archive holds it.")
@click.option(
    "-o", "--out", metavar="PATH", help="File to write, or folder/; - is stdout [default: here]."
)
@archive_option
@tolerance_option
@settings_options
@verbose_option
def command(ids: tuple[str, ...], *, take_all: bool, out: str | None, **given: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Download one or a few recordings as plain files, now.

    By id (its beginning will do, or the name of a file that was got before), or by number, agent
    and time. From the archive when one is named and knows of them, else
    from the portal. The files get plain names in the current folder and your own permissions. An id
    that is named with a number, an agent or a time must be of these as well, or is named with 3.

    What the archive has in quarantine only is given as well, as .quarantined; what it has no audio
    of is named; what is erased is named and not fetched from the portal. With any of these, or
    where more of a day that was named may be at the portal, it ends with 3. Without a day, what the
    archive knows is all that is asked for.
    """
    request = GetRequest(
        ids,
        given["number"],
        given["agent"],
        given["day"],
        given["at"],
        given["from_portal"],
        given["with_list"],
        given["since"],
        given["until"],
    )
    request.require()
    context = loading.load(given)
    target = Stdout() if out == STDOUT else Target(out or "")
    return get(request, context, target, tell, every if take_all else ask).code
