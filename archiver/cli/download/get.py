"""``archiver get``: one or a few recordings as plain files, now."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.download.choice import choose, named
from archiver.cli.options import (
    account_option,
    archive_option,
    config_option,
    once,
    tolerance_option,
    verbose_option,
)
from archiver.domain.window import Window
from archiver.errors import ExitCode, LinkExpired, NoToken, RecordingError, TryAgain, UsageError

if TYPE_CHECKING:
    from archiver.app.opening.context import Context
    from archiver.catalog import Catalog
    from archiver.cli.archived import Answered
    from archiver.cli.download.output_files import Target
    from archiver.get.from_portal import Fetcher
    from archiver.portal.proving.walk import Listed
    from archiver.store.base import Store

DEFAULT_SPAN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PortalMatch:
    """A row of the portal that fits."""

    listed: "Listed"

    @property
    def id(self) -> str:
        """Its id."""
        return self.listed.row.id

    @property
    def at(self) -> datetime | None:
        """Its portal time."""
        return self.listed.row.at

    @property
    def reported_ms(self) -> int | None:
        """Its reported length."""
        return self.listed.row.reported_ms

    @property
    def who(self) -> str:
        """Who talked to whom."""
        fields = self.listed.row.fields
        return " to ".join(str(fields[n]) for n in ("call_from", "call_to") if fields.get(n))

    @property
    def state(self) -> str:
        """Nothing is known of it before it is fetched."""
        return ""


@click.command(name="get")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--number",
    multiple=True,
    metavar="NUMBER",
    help="Caller or called number, in any usual form; several: any of them.",
)
@click.option(
    "--agent", multiple=True, metavar="TEXT", help="Part of the agent's name; several: any of them."
)
@click.option("--day", multiple=True, callback=once, metavar="DATE", help="Recordings of that day.")
@click.option(
    "--at",
    multiple=True,
    callback=once,
    metavar="TIME",
    help="Recordings of that minute, or second: '2026-11-22 05:48', or 05:48 with --day.",
)
@click.option("--all", "take_all", is_flag=True, help="Take every match without asking.")
@click.option("--from-portal", is_flag=True, help="Ask the portal, even if the archive holds it.")
@click.option(
    "-o", "--out", metavar="PATH", help="File to write, or folder/; - is stdout [default: here]."
)
@archive_option
@tolerance_option
@account_option
@config_option
@verbose_option
def command(ids: tuple[str, ...], *, take_all: bool, out: str | None, **given: Any) -> int:  # noqa: ANN401  # as click gives them
    """Download one or a few recordings as plain files, now.

    By id (its beginning will do, or the name of a file that was got before), or by number, agent
    and time. From the archive when one is named and knows of them, else
    from the portal. The files get plain names in the current folder and your own permissions.

    What the archive has in quarantine only is given as well, as .quarantined; what it has no audio
    of is named. With either, or where more of a day that was named may be at the portal, it ends
    with 3. Without a day, what the archive knows is all that is asked for.
    """
    from archiver.app.opening.archives import open_for_reading
    from archiver.cli import loading
    from archiver.cli.download.output_files import Target
    from archiver.get.short_ids import id_in

    _check(ids, given)
    context = loading.load(given)
    target = Target(out)
    ids = tuple(dict.fromkeys(map(id_in, ids)))
    target.check(len(ids))
    code = ExitCode.CLEAN
    with nullcontext() if given["from_portal"] else open_for_reading(context) as opened:
        if opened is None and given["archive"] and not given["from_portal"]:
            raise UsageError(
                f"There is no archive at {context.archive()}.", advice="Check --archive."
            )
        if opened is not None:
            answered = _from_archive(context, opened, ids, given, target, take_all=take_all)
            if answered.is_all:
                return answered.code
            code, ids = answered.code, answered.left
    try:
        return max(code, _from_portal(context, ids, given, target, take_all=take_all))
    except NoToken as error:
        if opened is None:
            raise
        return max(code, _tell_not_asked(ids, error))


def _check(ids: Sequence[str], given: Mapping[str, Any]) -> None:
    """Raise :class:`UsageError` for what names no recording."""
    from archiver.get.from_portal import check_numbers

    if not (ids or any(given[name] for name in ("number", "agent", "day", "at"))):
        raise UsageError("Which recording?", advice="Give ids, --number, --agent, --day or --at.")
    _window(given, datetime.now(UTC).replace(tzinfo=None), 0)
    check_numbers(given["number"])


def _from_archive(  # noqa: PLR0913 - what a request is made of, each by name
    context: "Context",
    opened: "tuple[Store, Catalog]",
    ids: tuple[str, ...],
    given: Mapping[str, Any],
    target: "Target",
    *,
    take_all: bool,
) -> "Answered":
    from archiver.cli.archived import ArchiveReader, portal_now

    with_calls = context.settings.calls and opened[1].days.decided("calls") is not False
    archive = ArchiveReader(*opened, target, with_calls)
    if ids:
        return archive.by_id(ids)
    window = _window(given, *portal_now(archive.store, context.settings.portal.utc_offset))
    return archive.matching(given, window, take_all=take_all)


def _from_portal(
    context: "Context",
    ids: Sequence[str],
    given: Mapping[str, Any],
    target: "Target",
    *,
    take_all: bool,
) -> ExitCode:
    from archiver.app.opening.portals import connect
    from archiver.cli.screen.console import emit
    from archiver.domain.recordings import RecordingId, Report
    from archiver.get.from_portal import Wanted, find
    from archiver.portal.session import open_session

    with connect(context) as connections:
        client = connections.client
        session = open_session(client, Report.RECORDINGS, context.settings.portal.utc_offset)
        window = _window(given, session.now, session.offset.minutes)
        if window is None and not ids:
            window = Window(session.now - DEFAULT_SPAN, session.now)
            emit(f"No day is given: looking at the last {DEFAULT_SPAN.days} days.")
        wanted = Wanted(tuple(map(RecordingId, ids)), given["number"], given["agent"], window)
        search = find(client, session, wanted)
        matches = [PortalMatch(listed) for listed in search.listed]
        code = _tell_missing(ids, matches, proven=search.proven)
        if not matches:
            return ExitCode.FINDINGS
        chosen = choose(matches, take_all=take_all or bool(ids))
        target.check(len(chosen))
        fetcher = connections.fetcher(session)
        return max([code, *(_save(fetcher, match, target) for match in chosen)])


def _tell_not_asked(ids: Sequence[str], error: NoToken) -> ExitCode:
    """Say that the archive knows nothing of a request, and why the portal could not be asked."""
    from archiver.cli.screen.console import emit

    wanted = ", ".join(map(named, ids)) or "that matches"
    emit(f"The archive has no recording {wanted}.")
    emit(f"The portal was not asked, because {_clause(error.message)}")
    if error.advice:
        emit(error.advice)
    return ExitCode.FINDINGS


def _clause(sentence: str) -> str:
    """Return a sentence as it stands within another; names in capitals stay."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def _tell_missing(ids: Sequence[str], matches: Sequence[PortalMatch], *, proven: bool) -> ExitCode:
    """Say what was looked for and not found, and whether more may be there than was."""
    from archiver.cli.screen.console import emit, printable
    from archiver.get.short_ids import covers, see_unambiguous

    found = [match.listed.row.id for match in matches]
    see_unambiguous(ids, found)
    absent = sorted(each for each in ids if not any(covers(each, id_) for id_ in found))
    for id_ in absent:
        emit(f"The portal lists no recording {printable(id_)} at the time that was looked at.")
    if not matches and not ids:
        emit("No recording matches.")
    if not proven:
        emit("The portal's listing is NOT proven: there may be more than was found.")
    return ExitCode.CLEAN if proven and not absent else ExitCode.FINDINGS


def _save(fetcher: "Fetcher", match: PortalMatch, target: "Target") -> ExitCode:
    """Fetch one recording and say what it is; one that fails does not stop the others."""
    from archiver.cli.screen.console import emit, human_verdict
    from archiver.domain.layout import stem
    from archiver.domain.quantities import human_duration
    from archiver.domain.recordings import Essential
    from archiver.portal.proving.odd_rows import reason_of

    if match.listed.row.link is None:
        unread = reason_of(match.listed) or match.listed.row.unread.get(Essential.AUDIO)
        name = named(match.id)
        emit(f"{name}: {unread}." if unread else f"{name} has no audio (yet).")
        return ExitCode.FINDINGS
    with target.draft() as draft, target.draft() as spare:
        try:
            fetched = fetcher.fetch(match.listed, draft, spare)
        except (TryAgain, LinkExpired, RecordingError) as error:
            emit(f"{named(match.id)} could not be fetched: {error.message}")
            if error.advice:
                emit(error.advice)
            return ExitCode.FINDINGS
        facts, judgement = fetched.facts, fetched.judgement
        place = target.keep(fetched.place, stem(match.id, match.at), facts.extension)
    emit(f"{place}  {human_duration(facts.duration_ms)}  {human_verdict(judgement)}")
    for reason in judgement.reasons:
        emit(f"  {reason}")
    is_clean = judgement.verdict.is_good and not judgement.concerns
    return ExitCode.CLEAN if is_clean else ExitCode.FINDINGS


def _window(given: Mapping[str, Any], now: datetime, offset: int) -> Window | None:
    """Return the window that --day or --at names: an --at means its whole minute, or second."""
    from archiver.domain import time_input as times

    if given["at"]:
        return times.at(given["at"], given["day"], now=now, offset=offset)
    if given["day"]:
        return times.window(None, None, given["day"], now=now, offset=offset)
    return None
