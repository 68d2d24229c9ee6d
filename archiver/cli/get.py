"""``archiver get``: one or a few recordings as plain files, now."""

import filecmp
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from archiver.cli.options import archive_option, config_option, tolerance_option, verbose_option
from archiver.errors import (
    DestinationRefused,
    ExitCode,
    FreshLink,
    RecordingError,
    TryAgain,
    UsageError,
)
from archiver.windows import Window

if TYPE_CHECKING:
    from archiver.catalog import Catalog
    from archiver.cli.configuration import Context
    from archiver.portal.paging import Listed
    from archiver.run.get import Fetcher
    from archiver.store.base import Store

DEFAULT_SPAN = timedelta(days=7)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Match:
    """A recording that fits, and where its bytes are: a key of the archive, or a listed row."""

    id: str
    at: datetime | None
    reported_ms: int | None
    who: str
    key: str | None = None
    listed: "Listed | None" = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where files go: the current folder, a folder, one file, or stdout for ``-``."""

    out: str | None

    def check(self, count: int) -> None:
        """Raise :class:`UsageError` when so many recordings cannot go there."""
        folder = self.out is None or Path(self.out).is_dir()
        if count > 1 and not folder:
            raise UsageError(
                f"{count} recordings cannot go into one file.", advice="Let --out be a folder."
            )

    def path(self, match: Match, extension: str) -> Path:
        """Return the file for a recording; its plain name unless a file was named."""
        from archiver.keys import stem

        if self.out is not None and not Path(self.out).is_dir():
            return Path(self.out)
        return Path(self.out or "") / f"{stem(match.id, match.at)}.{extension}"

    def keep(self, match: Match, extension: str, source: Path) -> str:
        """Put a whole file in its place and return where; an existing one is never overwritten."""
        if self.out == "-":
            with source.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            return "stdout"
        path = self.path(match, extension)
        try:
            os.link(source, path)
        except FileExistsError as error:
            if filecmp.cmp(source, path, shallow=False):
                return f"{path} (here already)"
            raise UsageError(
                f"{path} exists already; it was not touched.", advice="Name another with --out."
            ) from error
        except OSError as error:
            raise _unwritable(path, error) from error
        return str(path)


class Draft:
    """A temporary file beside the result, with the user's own permissions; gone on exit."""

    def __init__(self, target: Target) -> None:
        named = Path(target.out) if target.out and target.out != "-" else Path()
        folder = named if named.is_dir() else named.parent
        self.path = folder / f".archiver-{os.getpid()}-{id(self):x}.part"

    def __enter__(self) -> BinaryIO:
        try:
            self._file = self.path.open("x+b")
        except OSError as error:
            raise _unwritable(self.path.parent, error) from error
        return self._file

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> DestinationRefused:
    return DestinationRefused(
        f"{path} cannot be written: {error.strerror}.", advice="Name another place with --out."
    )


@click.command(name="get")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--number", help="Caller or called number, in any usual form.")
@click.option("--agent", help="Part of the agent's name.")
@click.option("--day", metavar="DATE", help="Recordings of that day.")
@click.option("--at", metavar="TIME", help="Recordings of that minute, or second.")
@click.option("--all", "take_all", is_flag=True, help="Take every match without asking.")
@click.option(
    "-o", "--out", metavar="PATH", help="File or folder to write; - is stdout [default: here]."
)
@archive_option
@tolerance_option
@config_option
@verbose_option
def command(ids: tuple[str, ...], *, take_all: bool, out: str | None, **given: Any) -> int:  # noqa: ANN401  # as click gives them
    """Download one or a few recordings as plain files, now.

    By id, or by number, agent and time. From the archive when one is named and holds them, else
    from the portal. The files get plain names in the current folder and your own permissions.
    """
    from archiver.cli import configuration
    from archiver.cli.stores import open_for_reading

    if not (ids or any(given[name] for name in ("number", "agent", "day", "at"))):
        raise UsageError("Which recording?", advice="Give ids, --number, --agent, --day or --at.")
    if given["day"] and given["at"]:
        raise UsageError("--at names a time of a day already: leave out --day.")
    context = configuration.load(given)
    target = Target(out)
    with open_for_reading(context) as archive:
        if archive is not None:
            store, catalog = archive
            held = held_matches(catalog, ids, given)
            if held and len(held) >= len(ids):
                chosen = choose(held, take_all=take_all or bool(ids))
                return save_held(store, chosen, target)
    return _from_portal(context, ids, given, target, take_all=take_all)


def held_matches(catalog: "Catalog", ids: Sequence[str], given: Mapping[str, Any]) -> list[Match]:
    """Return what the archive holds of what is wanted."""
    if ids:
        known = catalog.many(ids).values()
        return [
            Match(one.id, one.at, None, "", key=one.audio.path)
            for one in known
            if one.held and one.audio
        ]
    window = _window(given, datetime.now(UTC).replace(tzinfo=None), 0)
    first, last = (window.first, window.last) if window else (None, None)
    found = catalog.find(given["number"], given["agent"], first, last)
    return [
        Match(one.id, one.at, one.reported_ms, " to ".join(one.numbers), key=one.audio)
        for one in found
    ]


def choose(matches: Sequence[Match], *, take_all: bool) -> Sequence[Match]:
    """Let the person choose among several; without a terminal that is a :class:`UsageError`."""
    from archiver.cli.output import say

    if len(matches) == 1 or take_all:
        return matches
    say(_numbered(matches))
    if not sys.stdin.isatty():
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


def save_held(store: "Store", chosen: Sequence[Match], target: Target) -> ExitCode:
    """Copy recordings out of the archive, checking each against the hash in its name."""
    from archiver.cli.output import say
    from archiver.keys import parse
    from archiver.run.adoption import copy_and_hash

    target.check(len(chosen))
    for match in chosen:
        key = match.key or ""
        named, draft = parse(key), Draft(target)
        with draft as file, store.open(key) as held:
            _size, sha256 = copy_and_hash(held, file)
            file.flush()
            if named is None or not sha256.startswith(named.sha12):
                raise DestinationRefused(
                    f"Recording {match.id} is not as it was archived.",
                    advice="Run archiver verify, and restore it from a copy.",
                )
            say(f"{target.keep(match, named.extension, draft.path)}  from the archive, unchanged")
    return ExitCode.CLEAN


def _from_portal(
    context: "Context",
    ids: Sequence[str],
    given: Mapping[str, Any],
    target: Target,
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
        matches = [_match(listed) for listed in find(client, opening, wanted)]
        absent = sorted(set(ids) - {match.id for match in matches})
        for id_ in absent:
            say(f"The portal lists no recording {id_} there.")
        if not matches:
            say("No recording matches.")
            return ExitCode.FINDINGS
        chosen = choose(matches, take_all=take_all or bool(ids))
        target.check(len(chosen))
        fetcher = connections.fetcher(opening)
        codes = [_save(fetcher, match, target) for match in chosen]
    return max([*codes, ExitCode.FINDINGS if absent else ExitCode.CLEAN])


def _save(fetcher: "Fetcher", match: Match, target: Target) -> ExitCode:
    """Fetch one recording and say what it is; one that fails does not stop the others."""
    from archiver.cli.output import human_duration, say

    if match.listed is None or match.listed.row.link is None:
        say(f"Recording {match.id} has no audio (yet).")
        return ExitCode.FINDINGS
    draft = Draft(target)
    try:
        with draft as file:
            facts, judgement = fetcher.fetch(match.listed, file, draft.path)
            place = target.keep(match, facts.extension, draft.path)
    except (TryAgain, FreshLink, RecordingError) as error:
        say(f"Recording {match.id} could not be fetched: {error.message}")
        return ExitCode.FINDINGS
    say(f"{place}  {human_duration(facts.duration_ms)}  {judgement.verdict}")
    for reason in judgement.reasons:
        say(f"  {reason}")
    return ExitCode.CLEAN if judgement.verdict.is_good else ExitCode.FINDINGS


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
