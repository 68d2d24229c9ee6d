"""``archiver get``: one or a few recordings as plain files, now."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.options import (
    account_option,
    archive_option,
    config_option,
    tolerance_option,
    verbose_option,
)
from archiver.errors import (
    ExitCode,
    FreshLink,
    Missing,
    RecordingError,
    TryAgain,
    UsageError,
)
from archiver.windows import Window

if TYPE_CHECKING:
    from archiver.catalog import Catalog
    from archiver.cli.configuration import Context
    from archiver.cli.plain import Target
    from archiver.manifest.entry import File
    from archiver.portal.paging import Listed
    from archiver.run.get import Fetcher
    from archiver.store.base import Store

DEFAULT_SPAN = timedelta(days=7)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Match:
    """A recording that fits, and where its bytes are: a file of the archive, or a listed row."""

    id: str
    at: datetime | None
    reported_ms: int | None
    who: str
    held: "File | None" = None
    listed: "Listed | None" = None

    def __str__(self) -> str:
        """Name it in a message: whoever wrote the id, it stays on its line."""
        from archiver.cli.output import printable

        return f"Recording {printable(self.id)}"

    @property
    def stem(self) -> str:
        """Its plain name: the archive's, without a hash."""
        from archiver.keys import stem

        return stem(self.id, self.at)


@click.command(name="get")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--number", help="Caller or called number, in any usual form.")
@click.option("--agent", help="Part of the agent's name.")
@click.option("--day", metavar="DATE", help="Recordings of that day.")
@click.option("--at", metavar="TIME", help="Recordings of that minute, or second.")
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

    By id, or by number, agent and time. From the archive when one is named and holds them, else
    from the portal. The files get plain names in the current folder and your own permissions.
    """
    from archiver.cli import configuration
    from archiver.cli.output import say
    from archiver.cli.plain import Target
    from archiver.cli.stores import open_for_reading

    if not (ids or any(given[name] for name in ("number", "agent", "day", "at"))):
        raise UsageError("Which recording?", advice="Give ids, --number, --agent, --day or --at.")
    if given["day"] and given["at"]:
        raise UsageError("--at names a time of a day already: leave out --day.")
    context = configuration.load(given)
    target = Target(out)
    ids = tuple(dict.fromkeys(ids))
    target.check(len(ids))
    code = ExitCode.CLEAN
    with nullcontext() if given["from_portal"] else open_for_reading(context) as archive:
        if archive is None and given["archive"] and not given["from_portal"]:
            raise UsageError(
                f"There is no archive at {context.archive()}.", advice="Check --archive."
            )
        if archive is not None:
            store, catalog = archive
            held = held_matches(context, store, catalog, ids, given)
            if held and not ids:
                say(f"The archive holds {len(held)} that match; the portal was not asked.")
            if held:
                code = save_held(store, choose(held, take_all=take_all or bool(ids)), target)
            ids = tuple(id_ for id_ in ids if id_ not in {match.id for match in held})
            if held and not ids:
                return code
    return max(code, _from_portal(context, ids, given, target, take_all=take_all))


def held_matches(
    context: "Context",
    store: "Store",
    catalog: "Catalog",
    ids: Sequence[str],
    given: Mapping[str, Any],
) -> list[Match]:
    """Return what the archive holds of what is wanted."""
    if ids:
        known = catalog.many(ids)
        return [
            Match(one.id, one.at, None, "", held=one.audio)
            for one in known.values()
            if one.held and one.audio
        ]
    offset = context.settings.utc_offset
    offset = recorded_offset(store) if offset is None else offset
    now = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=offset)
    window = _window(given, now, offset)
    first, last = (window.first, window.last) if window else (None, None)
    found = list(catalog.find(given["number"], given["agent"], first, last))
    known = catalog.many(one.id for one in found)
    return [
        Match(one.id, one.at, one.reported_ms, " to ".join(one.numbers), held=known[one.id].audio)
        for one in found
    ]


def recorded_offset(store: "Store") -> int:
    """Return how many minutes east of UTC the portal was, by the newest manifest that says so."""
    from archiver.manifest.journal import Journal

    journal = Journal(store)
    head = journal.head()
    for number in range(head.number if head else 0, 0, -1):
        _head, manifest = next(journal.manifests(after=number - 1))
        offsets = [window.utc_offset_minutes for window in manifest.windows]
        known = [minutes for minutes in offsets if minutes is not None]
        if known:
            return known[-1]
    return 0


def choose(matches: Sequence[Match], *, take_all: bool) -> Sequence[Match]:
    """Let the person choose among several; without a terminal that is a :class:`UsageError`."""
    from archiver.cli.output import say

    if len(matches) == 1 or take_all:
        return matches
    say(_numbered(matches))
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            f"{len(matches)} recordings match.", advice="Name one by its id, or take them --all."
        )
    answer = click.prompt("Which one (a number, or all)", err=True).strip()
    if answer.lower() == "all":
        return matches
    if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(matches):
        return [matches[int(answer) - 1]]
    raise UsageError(f"There is no number {answer!r} in the list.")


def _numbered(matches: Sequence[Match]) -> str:
    from archiver.cli.output import human_duration, table

    rows = [
        (
            str(number),
            match.id,
            str(match.at or "?"),
            "?" if match.reported_ms is None else human_duration(match.reported_ms),
            match.who,
        )
        for number, match in enumerate(matches[:SHOWN], start=1)
    ]
    more = f"\nand {len(matches) - SHOWN} more" if len(matches) > SHOWN else ""
    return table(rows, ("", "id", "portal time", "length", "who")) + more


def save_held(store: "Store", chosen: Sequence[Match], target: "Target") -> ExitCode:
    """Copy recordings out of the archive, checking each against the hash in its manifest."""
    target.check(len(chosen))
    return max(_save_held(store, match, match.held, target) for match in chosen if match.held)


def _save_held(store: "Store", match: Match, held: "File", target: "Target") -> ExitCode:
    from archiver.cli.output import say
    from archiver.keys import parse
    from archiver.run.adoption import hash_of

    named = parse(held.path)
    with target.draft() as draft:
        try:
            is_whole = hash_of(store, held.path, draft.file) == held.sha256
        except Missing:
            is_whole = False
        if named is None or not is_whole:
            say(f"{match} is not as it was archived; nothing was written.")
            say("Run archiver verify, and restore it from a copy, or ask with --from-portal.")
            return ExitCode.FINDINGS
        say(f"{target.keep(draft, match.stem, named.extension)}  from the archive, unchanged")
    return ExitCode.CLEAN


def _from_portal(
    context: "Context",
    ids: Sequence[str],
    given: Mapping[str, Any],
    target: "Target",
    *,
    take_all: bool,
) -> ExitCode:
    from archiver.cli.output import say
    from archiver.cli.wiring import connect
    from archiver.recordings import RecordingId, Report
    from archiver.run.get import Wanted, find
    from archiver.run.opening import open_portal

    with connect(context) as connections:
        client = connections.client
        opening = open_portal(client, Report.RECORDINGS, context.settings.utc_offset)
        window = _window(given, opening.now, opening.offset.minutes)
        if window is None and not ids:
            window = Window(opening.now - DEFAULT_SPAN, opening.now)
            say(f"No day is given: looking at the last {DEFAULT_SPAN.days} days.")
        wanted = Wanted(tuple(map(RecordingId, ids)), given["number"], given["agent"], window)
        search = find(client, opening, wanted)
        matches = [_match(listed) for listed in search.listed]
        code = _tell_missing(ids, matches, proven=search.proven)
        if not matches:
            return ExitCode.FINDINGS
        chosen = choose(matches, take_all=take_all or bool(ids))
        target.check(len(chosen))
        fetcher = connections.fetcher(opening)
        return max([code, *(_save(fetcher, match, target) for match in chosen)])


def _tell_missing(ids: Sequence[str], matches: Sequence[Match], *, proven: bool) -> ExitCode:
    """Say what was looked for and not found, and whether more may be there than was."""
    from archiver.cli.output import printable, say

    absent = sorted(set(ids) - {match.id for match in matches})
    for id_ in absent:
        say(f"The portal lists no recording {printable(id_)} at the time that was looked at.")
    if not matches and not ids:
        say("No recording matches.")
    if not proven:
        say("The portal's listing is NOT proven: there may be more than was found.")
    return ExitCode.CLEAN if proven and not absent else ExitCode.FINDINGS


def _save(fetcher: "Fetcher", match: Match, target: "Target") -> ExitCode:
    """Fetch one recording and say what it is; one that fails does not stop the others."""
    from archiver.cli.output import human_duration, human_verdict, say
    from archiver.recordings import Essential

    if match.listed is None or match.listed.row.link is None:
        unread = match.listed and match.listed.row.unread.get(Essential.AUDIO)
        say(f"{match}: {unread}." if unread else f"{match} has no audio (yet).")
        return ExitCode.FINDINGS
    with target.draft() as draft, target.draft() as spare:
        try:
            fetched = fetcher.fetch(match.listed, draft, spare)
        except (TryAgain, FreshLink, RecordingError) as error:
            say(f"{match} could not be fetched: {error.message}")
            if error.advice:
                say(error.advice)
            return ExitCode.FINDINGS
        facts, judgement = fetched.facts, fetched.judgement
        place = target.keep(fetched.place, match.stem, facts.extension)
    say(f"{place}  {human_duration(facts.duration_ms)}  {human_verdict(judgement)}")
    for reason in judgement.reasons:
        say(f"  {reason}")
    is_clean = judgement.verdict.is_good and not judgement.concerns
    return ExitCode.CLEAN if is_clean else ExitCode.FINDINGS


def _match(listed: "Listed") -> Match:
    row = listed.row
    who = " to ".join(str(row.fields[n]) for n in ("call_from", "call_to") if row.fields.get(n))
    return Match(row.id, row.at, row.reported_ms, who, listed=listed)


def _window(given: Mapping[str, Any], now: datetime, offset: int) -> Window | None:
    """Return the window that --day or --at names: an --at means its whole minute, or second."""
    from archiver import times

    if given["day"]:
        return times.window(None, None, given["day"], now=now, offset=offset)
    if given["at"]:
        return times.window(given["at"], given["at"], None, now=now, offset=offset)
    return None
