"""Getting one or a few recordings as plain files, now: the use case, from request to result."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.opening.archive.archives import open_for_reading
from archiver.app.opening.archive.journals import no_archive, require_none_gone
from archiver.app.opening.archive.read_log import Act, read_log
from archiver.app.opening.context import Context
from archiver.app.opening.filtering import may_be_missing
from archiver.app.opening.portal.portals import connect
from archiver.app.opening.typed_offsets import ArchivedOffsets
from archiver.app.opening.windows import refuse_empty
from archiver.domain.recordings import Report
from archiver.domain.times import time_input as times
from archiver.domain.times.portal_offsets import OffsetsAt, always, of_several
from archiver.domain.times.window import Window
from archiver.errors import ArchiverError, ExitCode, NoToken, UsageError
from archiver.filters.filters import Filters, NumberPattern
from archiver.filters.request import FilterRequest, number_pattern
from archiver.get.archive_reader import ArchiveAnswer, ArchiveReader, portal_now
from archiver.get.archive_search import Archived, erased_of
from archiver.get.archived_only import archived_only
from archiver.get.from_portal import SearchTerms
from archiver.get.get_events import (
    AnnounceGet,
    GetEvent,
    ListWritten,
    LookingBack,
    NoAudioArchived,
    NotArchived,
    NotCompared,
    PortalNotAsked,
    Saved,
    SavedFromArchive,
)
from archiver.get.matches import Choose, every
from archiver.get.output_files import HERE_ALREADY, Target
from archiver.get.portal_reader import PortalReader
from archiver.open_archive import OpenArchive
from archiver.portal.session import PortalSession, open_session
from archiver.pull.job.task import ErasedAudio

DEFAULT_SPAN = timedelta(days=7)
"""So much of the past is looked at where neither an id nor a time is named."""


class GetRequest(Struct, frozen=True):
    """Which recordings: one of the ``ids``, of the ``numbers``, of the ``agents``, of a time.

    Where several of these are named, a recording must be of each.

    An id may be whole, its beginning, or the name of a file that was got before. Numbers are in any
    usual form, the last digits of one, or ``*digits*`` in its middle; ``agents`` are parts of
    names. ``day`` is a date, ``today`` or ``yesterday``, ``at`` a minute or a second, and ``since``
    and ``until`` the ends of a longer time, all in the portal's time. The archive of the settings
    is asked first, unless all shall come ``from_portal``: then it names what it has besides.
    ``with_list`` writes ``recordings.csv`` beside the files.
    """

    ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    day: str | None = None
    at: str | None = None
    from_portal: bool = False
    with_list: bool = False
    since: str | None = None
    until: str | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether it asks for numbers, agents or a time, and not for ids alone."""
        return bool(self.numbers or self.agents or self._is_timed)

    @property
    def _is_timed(self) -> bool:
        return any((self.day, self.at, self.since, self.until))

    @property
    def with_offset(self) -> tuple[datetime, ...]:
        """The moments, in UTC, that are named with an offset."""
        return times.with_offset(self.at, self.since, self.until)

    def require(self) -> None:
        """Raise :class:`UsageError` for what names no recording."""
        refuse_empty(day=self.day, at=self.at, since=self.since, until=self.until)
        if not (self.ids or self.is_filtered):
            raise UsageError(
                "Which recording?", advice="Give ids, --number, --agent, --day, --at or --since."
            )
        now = datetime.now(UTC).replace(tzinfo=None)
        self.window(now, always(0))
        FilterRequest(ids=self.ids, number=self.numbers, agent=self.agents).check(now)

    def patterns(self) -> tuple[NumberPattern, ...]:
        """Return what the numbers mean; raises :class:`UsageError` for what is none."""
        return tuple(map(number_pattern, self.numbers))

    def window(self, now: datetime, offsets: OffsetsAt) -> Window | None:
        """Return the window that is named, by the portal's clock and its minutes east of UTC.

        An ``at`` means its whole minute, or second.
        """
        if self.at and (self.since or self.until):
            raise UsageError("--at is a moment: leave out --since and --until.")
        if self.at:
            return times.at(self.at, self.day, now=now, offsets=offsets)
        if self._is_timed:
            return times.window(self.since, self.until, self.day, now=now, offsets=offsets)
        return None

    def moments(self, now: datetime) -> Window | None:
        """Return the window in UTC, where all that names it has an offset; it is ``now``.

        Where no end is named it has none: the clock that is believed may be behind the newest row.
        """
        named = [each for each in (self.at, self.day, self.since, self.until) if each]
        if not named or len(self.with_offset) < len(named):
            return None
        now = now.replace(tzinfo=None)
        if self.at:
            return self.window(now, always(0))
        return times.span(self.since, self.until, None, now=now, offsets=always(0))


class GetResult(Struct, frozen=True):
    """What came of a request: the files, all that there was to say, and the exit code.

    The code is ``CLEAN`` only where all that was asked for was given, and is good.
    """

    code: ExitCode
    events: tuple[GetEvent, ...]

    @property
    def saved(self) -> tuple[Saved, ...]:
        """The recordings that are plain files now, each with its ``place``."""
        return tuple(each for each in self.events if isinstance(each, Saved))


def get(
    request: GetRequest,
    context: Context,
    target: Target | None = None,
    announce: AnnounceGet | None = None,
    choose: Choose = every,
) -> GetResult:
    """Save recordings as plain files at the ``target`` (the current folder); overwrites nothing.

    ``announce`` hears at once what the result tells; where more match than ids were named,
    ``choose`` says which are wanted. Raises :class:`UsageError` for what names no recording, and
    for files that can't be written so; :class:`archiver.errors.ArchiverError` for what stops it.
    """
    request.require()
    heard: list[GetEvent] = []
    by_number = bool(request.numbers)
    log = read_log(context, Act.GOT, filtered=request.is_filtered, by_number=by_number)

    def hear(event: GetEvent) -> None:
        heard.append(event)
        if isinstance(event, SavedFromArchive):
            log.note([event.id])
        if announce is not None:
            announce(event)

    target = target or Target()
    if request.with_list and target.folder is None:
        raise UsageError("--list lies in a folder.", advice="Let --out be one: -o FOLDER/.")
    code = _Getting(request, context, target, hear, choose).run()
    if request.with_list:
        _write_list(target, [each for each in heard if isinstance(each, Saved)], hear)
    return GetResult(code if log.is_whole else max(code, ExitCode.FINDINGS), tuple(heard))


def _write_list(target: Target, saved: Sequence[Saved], hear: AnnounceGet) -> None:
    """Write the list of what was saved; the paths in it are those of the files beside it."""
    rows = [
        replace(each.row, path=Path(each.place.removesuffix(HERE_ALREADY)).name)
        for each in saved
        if each.row is not None
    ]
    if rows:
        hear(ListWritten(target.keep_list(rows), len(rows)))


class _Getting(Struct, frozen=True):
    """One request, and all that is needed to fulfil it."""

    request: GetRequest
    context: Context
    target: Target
    announce: AnnounceGet
    choose: Choose

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that are named, each once."""
        return tuple(dict.fromkeys(self.request.ids))

    def run(self) -> ExitCode:
        """Ask the archive, and the portal for what that does not answer."""
        self.target.check(len(self.ids))
        context = self.context
        if self.request.from_portal:
            return self._compared()
        with open_for_reading(context) as archive:
            if archive is None and context.is_option("archive"):
                raise no_archive(context, "Check --archive.")
            if archive is None and context.settings.archive is not None:
                require_none_gone(context)
            if archive is None:
                return self._from_portal(self.ids)
            answer = self._from_archive(archive)
            return answer.code if answer.is_all else max(answer.code, self._rest(answer, archive))

    def _compared(self) -> ExitCode:
        """Ask the portal, and name what the archive has besides, as far as that can be read."""
        with ExitStack() as stack:
            try:
                archive = stack.enter_context(open_for_reading(self.context))
            except ArchiverError as error:
                self.announce(NotCompared(error))
                return max(self._from_portal(self.ids), ExitCode.FINDINGS)
            return self._from_portal(self.ids, archive=archive)

    def _rest(self, answer: ArchiveAnswer, archive: OpenArchive) -> ExitCode:
        """Ask the portal for what an archive left, and say so only where there is a token."""
        try:
            return self._from_portal(answer.left, answer.absent, archive)
        except NoToken as error:
            for each in answer.absent:
                self.announce(NoAudioArchived(each, portal_is_asked=False))
            if answer.unknown:
                self.announce(NotArchived(answer.unknown))
            self.announce(PortalNotAsked(error))
            return ExitCode.FINDINGS

    def _from_archive(self, archive: OpenArchive) -> ArchiveAnswer:
        settings, request, catalog = self.context.settings, self.request, archive.catalog
        reader = ArchiveReader(archive, self.target, self.announce, request.with_list)
        utc_offset = settings.portal.utc_offset
        offsets = ArchivedOffsets(catalog, utc_offset)
        offsets.tell(request.with_offset, self.context.listener)
        window = request.window(portal_now(catalog, utc_offset)[0], offsets.at)
        numbers, agents = request.patterns(), request.agents
        filters = Filters(numbers=numbers, agents=agents, window=window)
        if self.ids:
            return reader.by_id(self.ids, filters)

        def not_whole() -> Sequence[date]:
            return may_be_missing(catalog, filters, self.context).not_whole

        return reader.matching(numbers, agents, window, not_whole, self.choose)

    def _tell_what_is_assumed(self, session: PortalSession) -> None:
        for moment in self.request.with_offset:
            for words in of_several(moment, session.offsets_at(moment)):
                self.context.listener.say(words, "noticed")

    def _from_portal(
        self,
        ids: tuple[str, ...],
        absent: Sequence[Archived] = (),
        archive: OpenArchive | None = None,
    ) -> ExitCode:
        request = self.request
        with connect(self.context) as connections:
            for each in absent:
                self.announce(NoAudioArchived(each, portal_is_asked=True))
            offset = self.context.settings.portal.utc_offset
            session = open_session(
                connections.client, Report.RECORDINGS, offset, for_rows=bool(ids)
            )
            moments = request.moments(connections.client.now())
            offsets = session.offsets_at if moments is None else session.offsets_by_ids_at
            window = request.window(session.now, offsets)
            if moments is None or session.offset.source == "default":
                self._tell_what_is_assumed(session)
            if window is None and not ids:
                window = Window(session.now - DEFAULT_SPAN, session.now)
                self.announce(LookingBack(DEFAULT_SPAN.days))
            wanted = SearchTerms(ids, request.patterns(), request.agents, window, moments, offset)
            fetcher = connections.fetcher(session)
            reader = PortalReader(fetcher, self.target, self.announce, request.with_list)
            if archive is not None and request.from_portal:
                reader = replace(reader, archived_only=partial(archived_only, archive.catalog))
            elif archive is not None:
                catalog, shared_ms = archive.catalog, self.context.settings.same_audio
                audio = ErasedAudio(catalog.erased.audio(), shared_ms)
                reader = replace(reader, erased=partial(erased_of, catalog), erased_audio=audio)
            return reader.get(wanted, self.choose)
