"""``archiver hold``: what a hold binds stays, whoever asks for it to go."""

from collections.abc import Iterator
from typing import Any

import click

from archiver.app.keeping.hold import HoldPlan, HoldRequest, HoldResult, add_hold
from archiver.app.keeping.list_holds import HoldsRequest, HoldsResult, list_holds
from archiver.app.keeping.release import ReleasePlan, ReleaseRequest, ReleaseResult, release_hold
from archiver.cli import loading
from archiver.cli.examples import examples
from archiver.cli.filter_options import filter_options, filter_request
from archiver.cli.handover.missing_words import tell_missing
from archiver.cli.keeping import hold_words
from archiver.cli.keeping.dialogue import agrees, answer
from archiver.cli.options import archive_options, by_option
from archiver.cli.screen.console import print_document
from archiver.domain.quantities import counted
from archiver.errors import ExitCode

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option(
    "-n", "--dry-run", is_flag=True, help="Say what would be done; write nothing."
)
reason_option = click.option(
    "--reason", metavar="TEXT", required=True, help="Why, in a line without numbers."
)


@click.group(
    epilog=examples(
        ('hold add 3f10cb7c --matter "Miller" --reason "claim received"', "hold a recording"),
        ("hold list", "what is held, and by whom?"),
        ('hold release --hold 7 --reason "the case is closed"', "let it go again"),
    )
)
def command() -> None:
    """Hold recordings, so that nothing erases or disposes of them; list and release holds.

    A recording can be held for several matters; it stays until the last is released. On a bucket
    with Object Lock, its versions get the bucket's own legal hold as well.
    """


@command.command(
    epilog=examples(
        ('hold add 3f10cb7c --matter "Miller" --reason "claim received" -n', "what would be held?"),
        (
            'hold add --number 0123 --future --matter "Miller" --reason "claim received"',
            "all of a number, and what comes",
        ),
    )
)
@filter_options
@click.option("--matter", metavar="TEXT", required=True, help="The case that it is for.")
@reason_option
@by_option("Who decides")
@click.option("--future", is_flag=True, help="Hold also what is archived later and matches.")
@yes_option
@dry_run_option
@archive_options
def add(*, as_json: bool, yes: bool, dry_run: bool, future: bool, **options: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Hold recordings, by id or by the filters of find.

    Where nothing tells whether a recording matches, it is held too. With --future, the filter is
    kept in a private file, and the chain names its hash: no number gets into a manifest.
    """
    filters = filter_request(options)
    request = HoldRequest(
        filters, options["matter"], options["reason"], options["by"], future, dry_run
    )

    def agree(plan: HoldPlan) -> bool:
        what = f"hold {counted(len(plan.ids), 'recording')}"
        return yes or agrees(hold_words.planned(plan), what, "Do it?")

    result = add_hold(request, loading.load(options), agree)
    words, code = hold_words.added(result, dry_run=dry_run), _code(result, dry_run=dry_run)
    answer(words, hold_words.hold_document(result), code, as_json=as_json)
    if not as_json and not future:
        tell_missing(hold_words.may_come(result))
    return code


@command.command(
    "list",
    epilog=examples(("hold list", "the holds in force"), ("hold list --all", "released ones too")),
)
@click.option("--all", "released", is_flag=True, help="Show those that were released, too.")
@archive_options
def list_(*, as_json: bool, released: bool, **options: Any) -> ExitCode:  # noqa: ANN401  # as above
    """List the holds: what each binds by now, for which matter, since when, and who added it."""
    result = list_holds(HoldsRequest(released=released), loading.load(options))
    return _show(result, hold_words.listed(result), as_json=as_json)


@command.command(
    epilog=examples(
        ("hold show 7", "what does hold 7 bind?"), ("hold show 7 --json", "every id of it")
    )
)
@click.argument("number", type=click.IntRange(min=1))
@archive_options
def show(*, as_json: bool, number: int, **options: Any) -> ExitCode:  # noqa: ANN401  # as above
    """Show one hold, by its number: its matter, what it goes by, and the recordings it binds.

    What a standing hold goes by may have phone numbers in it: they are shown here.
    """
    result = list_holds(HoldsRequest(number), loading.load(options))
    (shown,) = result.holds
    return _show(result, hold_words.shown(shown), as_json=as_json)


@command.command(
    epilog=examples(
        ('hold release --hold 7 --reason "the case is closed" -n', "what would be released?"),
        ('hold release 3f10cb7c --reason "not of this case"', "one recording; asks first"),
    )
)
@filter_options
@click.option(
    "--hold",
    "holds",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="NUMBER",
    help="The hold; without ids or filters all of it. Needed where several bind.",
)
@reason_option
@by_option("Who decides")
@click.option("--no-finish", is_flag=True, help="Leave the erasures undone that it deferred.")
@click.option("--yes", is_flag=True, help="Do not ask, though erasures may follow.")
@dry_run_option
@archive_options
def release(
    *,
    as_json: bool,
    yes: bool,
    dry_run: bool,
    no_finish: bool,
    holds: tuple[int, ...],
    **options: Any,  # noqa: ANN401  # as above
) -> ExitCode:
    """Release a hold, or some recordings from it; finish the erasures that it deferred.

    What another hold binds stays. A recording that is released from a standing hold is an exception
    to it from then on. An erasure that was refused because of the hold is done now, in the name of
    whoever asked for it: see with --dry-run which ones, or leave them with --no-finish.
    """
    filters = filter_request(options)
    request = ReleaseRequest(
        options["reason"], holds, filters, options["by"], not no_finish, dry_run
    )

    def agree(plan: ReleasePlan) -> bool:
        what = hold_words.release_what(plan)
        return yes or agrees(hold_words.releasing(plan), what, "Do it?")

    result = release_hold(request, loading.load(options), agree)
    words, code = hold_words.released(result, dry_run=dry_run), _code(result, dry_run=dry_run)
    return answer(words, hold_words.release_document(result), code, as_json=as_json)


def _show(result: HoldsResult, words: Iterator[str], *, as_json: bool) -> ExitCode:
    """Print an answer on stdout."""
    if as_json:
        print_document(hold_words.holds_document(result), result.code)
    else:
        click.echo("\n".join(words))
    return result.code


def _code(result: HoldResult | ReleaseResult, *, dry_run: bool) -> ExitCode:
    """Return the exit code; a dry run ends with 0 where it could say what would be done."""
    return ExitCode.CLEAN if dry_run else result.code
