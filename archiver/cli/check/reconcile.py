"""``archiver reconcile``: lay the call log beside the archive, day by day."""

import re
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any

import click

from archiver.app.check.reconcile import ReconcileRequest, reconcile
from archiver.app.reconciling.reconciliation_result import Reconciliation, per_cent, share_of
from archiver.cli import loading
from archiver.cli.examples import examples
from archiver.cli.options import (
    archive_option,
    json_option,
    quiet_option,
    rate_option,
    read_option,
    settings_options,
    verbose_option,
    window_options,
    window_request,
)
from archiver.cli.screen.console import emit, print_document, table
from archiver.completeness.balance import MissingCall
from archiver.completeness.review import DayReview
from archiver.domain.expectation import Lack
from archiver.domain.outcomes import Outcome
from archiver.domain.quantities import counted, human_duration
from archiver.errors import ExitCode, UsageError

SHOWN = 20
_SHARE = re.compile(r"(100|[0-9]{1,2})(?:[.]([0-9]{1,2}))?%?")
NAMED = 3
_IN_WORDS = {
    Lack.NO_RECORDING: "no recording",
    Lack.NOT_HELD: "its recording is not held",
    Lack.NOT_SURE: "its recording may be that of a call that is excluded, or of another day",
}
_NOT_HELD = {
    Outcome.QUARANTINED: "its recording is in quarantine",
    Outcome.GONE: "its recording is gone",
    Outcome.NO_AUDIO: "its recording has no audio",
    Outcome.FAILED: "its recording could not be fetched",
}


@click.command(
    "reconcile",
    epilog=examples(
        ("reconcile --day yesterday -a ./archive", "is there a recording of every call?"),
        ("reconcile --since 30d --min-complete 99.5 -a ./archive", "of nearly every call?"),
        ("reconcile --since 30d --certify -a ./archive", "certify the days that add up"),
    ),
)
@archive_option
@window_options
@click.option("--portal", is_flag=True, help="Ask the portal for its call log as well.")
@click.option(
    "--min-complete",
    metavar="PERCENT",
    help="How much must be complete, such as 99.5 [default: all].",
)
@click.option(
    "--certify", is_flag=True, help="Write a certificate for each settled day that adds up."
)
@click.option(
    "--expect",
    metavar="WHICH",
    help="Which calls must have a recording: answered, or said [setting: expect].",
)
@click.option(
    "--min-talk", metavar="TIME", help="Shorter calls need no recording: 5s [setting: min_talk]."
)
@click.option(
    "--slack",
    metavar="TIME",
    help="How far a recording's ends may be from its call's: 60s [setting: slack].",
)
@rate_option
@json_option
@quiet_option
@settings_options
@verbose_option
def command(
    *,
    as_json: bool,
    quiet: bool,
    **options: Any,  # noqa: ANN401  # as click gives them
) -> ExitCode:
    """Add up calls, recordings and archive, portal day by portal day; downloads nothing.

    Every call is complete (it must have a recording, and that is in the archive), missing (it must
    have one), or excluded (nobody talked, it was too short, or its kind is not recorded). A
    recording may be left without a call. What is missing or left over ends when the recording
    or the call comes, or when a person accepts it. Works from the archive alone; with --portal, the
    portal's call log is listed too. Ends with 3 when something is missing or left over, or may be.
    Of a day that is not settled yet, it says that more may come.
    """
    share = read_option(options, "min_complete", _share)
    request = ReconcileRequest(
        window_request(options), options["portal"], options["certify"], share
    )
    request.window.require("calls")
    context = loading.load(options)
    result = reconcile(request, context)
    is_quiet = quiet and result.code is ExitCode.CLEAN
    if as_json:
        print_document(result.document, result.code)
    elif not is_quiet:
        click.echo(_days(result))
        if lines := [*_missing(result)]:
            click.echo(table(lines, ("call", "length", "missing", "id")))
    for line in () if is_quiet else _words(result):
        emit(line)
    return result.code


def _share(text: str) -> int:
    """Read per cent; return hundredths of one."""
    found = _SHARE.fullmatch(text.strip())
    share = found and int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    if share is None or share > 100 * 100:
        raise UsageError("must be per cent, such as 99.5")
    return share


def _days(result: Reconciliation) -> str:
    names = ("day", "calls", "complete", "missing", "excluded", "without call", "", "state")
    return table([_line(day, is_lost=day.day in result.lost) for day in result.days], names)


def _line(day: DayReview, *, is_lost: bool) -> tuple[str, ...]:
    four = day.balance
    return (
        f"{day.day}",
        f"{four.calls}",
        f"{len(four.complete)}",
        f"{len(four.missing)}",
        f"{len(four.excluded)}",
        f"{len(four.without_call)}",
        per_cent(share_of([day])),
        _state(day, is_lost=is_lost),
    )


def _state(day: DayReview, *, is_lost: bool) -> str:
    if is_lost:
        return "certificate lost"
    if day.doubts:
        return "not proven"
    if not day.balance.is_even:
        return "open"
    if day.certificate is not None:
        return "certified" if day.is_current else "changed since certified"
    return "not settled" if day.unsettled else "adds up"


def _missing(result: Reconciliation) -> Iterator[tuple[str, ...]]:
    for _, each in result.missing[:SHOWN]:
        when = each.call.when
        yield (
            f"{when.first if when else '?'}",
            human_duration(1_000 * each.call.seconds),
            _why(each),
            each.call.id,
        )
    for call in result.undated[:SHOWN]:
        yield "?", human_duration(1_000 * call.seconds), "no recording, and no time", call.id


def _why(each: MissingCall) -> str:
    """Return why a call is missing its recording, in a few words."""
    said = "accepted" if each.accepted else _lack(each)
    if each.others:
        said += f", or that of {each.others[0]} is"
    elif each.why is Lack.NO_RECORDING and each.recording:
        said += f", unless {each.recording} is its"
    return said


def _lack(each: MissingCall) -> str:
    """Return what a call lacks that nobody has accepted."""
    if each.not_held is None:
        return _IN_WORDS[each.why]
    if each.is_waiting:
        return "its recording waits for its audio"
    return _NOT_HELD.get(each.not_held.outcome, _IN_WORDS[each.why])


def _words(result: Reconciliation) -> Iterator[str]:
    """Yield what all days come to, and what to do about it."""
    doubtful = [day for day in result.days if day.doubts]
    yield from _totals([day for day in result.days if not day.doubts], len(doubtful))
    if len(result.missing) > SHOWN:
        yield f"The first {SHOWN} of {len(result.missing)} missing are named above; all: --json."
    for day in doubtful[:SHOWN]:
        yield f"NOT PROVEN {day.day}: {'; '.join(day.doubts)}."
    if len(doubtful) > SHOWN:
        yield f"The first {SHOWN} of {len(doubtful)} days are named; all: --json."
    if result.listing_proven is False:
        yield "The portal's call log could not be proven complete: there may be more calls."
    if result.lost:
        days = ", ".join(map(str, result.lost[:SHOWN]))
        yield f"LOST: the certificates of {days} are not as they were written. Run: archiver verify"
    yield from _unsettled([day for day in result.days if not day.doubts])
    yield from _advice(result)
    if result.certified:
        yield f"Certified: {', '.join(map(str, result.certified))}. Head: {result.head}"


def _totals(days: Sequence[DayReview], doubtful: int) -> Iterator[str]:
    """Yield what the days come to that are proven: of others, nobody knows how many there are."""
    if not days:
        return
    span = f"{days[0].day} to {days[-1].day}" if len(days) > 1 else f"{days[0].day}"
    four = [day.balance for day in days]
    share = per_cent(share_of(days))
    alone = sum(len(each.without_call) for each in four)
    yield (
        f"Calls of {span} (portal time): {sum(len(each.complete) for each in four)} complete"
        f"{f' ({share})' if share else ''}, {sum(len(each.missing) for each in four)} missing, "
        f"{sum(len(each.excluded) for each in four)} excluded. "
        f"{counted(alone, 'recording')} without a call."
        + (f" Not counted: {counted(doubtful, 'day')} without proof." if doubtful else "")
    )


def _unsettled(days: Sequence[DayReview]) -> Iterator[str]:
    """Say of how many days that are proven more may still come, and what settles them."""
    open_ = [day.day for day in days if day.unsettled]
    if not open_:
        return
    is_all = len(open_) == len(days)
    which = "nothing of this is yet" if is_all else f"{len(open_)} of {len(days)} days"
    yield (
        f"NOT SETTLED: {which}, so more may come. archiver pull settles a day once two runs have "
        "listed the same of it, the last one three days after its end or later."
    )


def _advice(result: Reconciliation) -> Iterator[str]:
    """Yield what to do about days whose calls and recordings are all known."""
    known = [day.balance for day in result.days if not day.doubts]
    missing = [each for day in known for each in day.missing if not each.accepted]
    alone = [each.found.id for day in known for each in day.without_call if not each.accepted]
    unfetched = [each for each in missing if each.why is Lack.NO_RECORDING]
    if any(each.call.says_recorded for each in unfetched):
        yield "Pull the same days: archiver pull fetches the audio that a call says it has."
    if missing or result.undated:
        yield (
            "What stays missing, ask the provider for by the call's id. What is never recorded is "
            "excluded by the settings expect, min_talk and not_recorded."
        )
    if alone:
        more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
        yield f"Without a call: {alone[0]}{more}."
    if any(each.is_waiting for each in missing):
        yield "What waits for its audio is asked for again: archiver pull."
    open_ = [each.acceptable for each in missing if not each.is_waiting]
    yield from _accept([*open_, *(call.id for call in result.undated), *alone])
    if missing and result.listing_proven is not None:
        yield "A call that only the portal lists can be accepted after a pull of its day."
    if doubtful := [day.day for day in result.days if day.doubts]:
        asked = "" if result.listing_proven is not None else "; or ask for the calls with --portal"
        yield (
            f"Pull each day that is not proven: archiver pull --day {doubtful[0]}{asked}. "
            "What is damaged: archiver repair --from COPY."
        )


def _accept(ids: Sequence[str]) -> Iterator[str]:
    """Yield how all of that is accepted."""
    each_once = [*dict.fromkeys(ids)]
    named = " ".join(map(quote, each_once[:NAMED]))
    more = len(each_once) - NAMED
    if named:
        yield f"What may stay as it is: archiver accept {named} --reason TEXT." + (
            f" So may {more} more, by their ids: --json." if more > 0 else ""
        )
