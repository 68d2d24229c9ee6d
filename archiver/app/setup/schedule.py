"""What is to run every night: with which program, settings and archive, and when.

No secret is in it: a job reads the settings file, and the token from where that says it is kept.

>>> delay("host /srv/archive") == delay("host /srv/archive")
True
"""

import hashlib
import os
import platform
from collections.abc import Iterator, Mapping
from datetime import time
from importlib import metadata
from pathlib import Path

from msgspec import Struct

from archiver.app.opening import context as configuration
from archiver.app.opening.archive.stores import site
from archiver.app.opening.context import USUAL, Context, SettingsRequest
from archiver.app.setup.config import unusable
from archiver.config.archive_address import folder_of
from archiver.config.proxies import VARIABLES
from archiver.config.settings import CREDENTIALS, FromFile, TokenSource
from archiver.errors import UsageError

SPREAD_MINUTES = 60
"""Jobs begin at any minute of so many, so that not every customer asks the portal at once."""


class Job(Struct, frozen=True):
    """A nightly run. ``archive`` is a folder or ``s3://bucket/prefix``; ``at`` its first minute.

    ``token_file`` is where it reads the token, ``None`` where that comes in another way.
    ``metrics`` is a file that each run writes, outside of the archive; ``account`` the one to work
    for, where the settings have several.
    ``names_archive`` is whether the settings file leaves the archive open, so that the command has
    to name it. ``delay`` is minutes, below :data:`SPREAD_MINUTES`, for what can't draw its own.
    Raises :class:`UsageError` for names that no unit can hold.
    """

    program: Path
    config: Path
    archive: str
    at: time
    delay: int
    metrics: Path | None = None
    names_archive: bool = False
    account: str | None = None
    token_file: Path | None = None

    def __post_init__(self) -> None:
        for text in (str(self.program), str(self.config), self.archive, *self.writes):
            if not text.isprintable():
                raise UsageError(
                    "A path with control characters can't stand in a unit.",
                    advice="Give the program, the settings and the archive plain names.",
                )

    @property
    def name(self) -> str:
        """What the job is called: another name for each account."""
        return "archiver" if self.account is None else f"archiver-{self.account}"

    @property
    def folder(self) -> str | None:
        """The archive's folder, ``None`` when it is a bucket."""
        return folder_of(self.archive)

    @property
    def writes(self) -> tuple[str, ...]:
        """The folders that it must be able to write to, but for what it keeps of a bucket."""
        beside = None if self.metrics is None else str(self.metrics.parent)
        return tuple(place for place in (self.folder, beside) if place is not None)

    @property
    def begins(self) -> tuple[int, int]:
        """Hour and minute with the delay counted in, past midnight if need be."""
        hour, minute = divmod(self.at.hour * 60 + self.at.minute + self.delay, 60)
        return hour % 24, minute

    def pull(self, config: Path | None = None) -> tuple[str, ...]:
        """Return the words after the program; ``config`` is where the settings lie over there."""
        named = ("--archive", self.archive) if self.names_archive else ()
        chosen = ("--account", self.account) if self.account is not None else ()
        return ("pull", "--config", str(config or self.config), *chosen, *named)


def delay(of: str) -> int:
    """Return minutes that look drawn at random, and are always the same for the same text."""
    return int.from_bytes(hashlib.sha256(of.encode()).digest()[:4]) % SPREAD_MINUTES


class ScheduleRequest(Struct, frozen=True):
    """For which accounts and archive, and when: ``at`` is the earliest time, of no zone.

    ``given`` are the settings that the job gets in another way than from the settings file. One
    with ``has_credentials`` may be given files by systemd. What this user can't use may be in order
    for a job that ``is_run_by_another``.
    """

    at: time
    settings: SettingsRequest = USUAL
    given: tuple[str, ...] = ("archive",)
    has_credentials: bool = False
    is_run_by_another: bool = False


class Schedule(Struct, frozen=True):
    """A job for each account, and ``remarks``: what a person must know or do besides."""

    jobs: tuple[Job, ...]
    remarks: tuple[str, ...]


def schedule(request: ScheduleRequest, environ: Mapping[str, str] | None = None) -> Schedule:
    """Return the nightly jobs for the settings in force; installs nothing.

    ``environ`` is this process's own unless given. Raises :class:`UsageError` where the settings
    are not in a file, the job could not use them, or they do not say where the token is kept and
    the job gets none.
    """
    environ = os.environ if environ is None else environ
    contexts = configuration.load_each(request.settings, environ)
    config = configuration.find_file(request.settings.config, environ)
    if config is None:
        raise UsageError(
            "There is no settings file, and a nightly run reads nothing else.",
            advice="Write one: archiver config init",
        )
    remarks = [each for context in contexts for each in _checked(request, config, context)]
    unread = (each for context in contexts for each in _not_in_the_job(context, request.given))
    remarks += (
        f"Warning: {variable} is set here and not in the job, which reads {config} alone."
        for variable in dict.fromkeys(unread)
    )
    return Schedule(tuple(_job(each, config, request.at) for each in contexts), tuple(remarks))


def _job(context: Context, config: Path, at: time) -> Job:
    return Job(
        program=_program(),
        config=config,
        archive=context.archive(),
        at=at,
        delay=delay(f"{platform.node()} {context.archive()}"),
        metrics=context.settings.notify.metrics,
        names_archive=not context.places["archive"].startswith(f"{config}:"),
        account=context.account,
        token_file=_token_file(_by_file_alone(config, context).settings.portal.token),
    )


def _token_file(kept: TokenSource | None) -> Path | None:
    """Return the file that a job reads the token from, ``None`` where it is given it."""
    return kept.path if isinstance(kept, FromFile) and not _is_credential(kept) else None


def _checked(request: ScheduleRequest, config: Path, context: Context) -> Iterator[str]:
    """Yield what a person must do before an account's job can run.

    Raises :class:`UsageError` where the job could not use its settings: what ``config check`` would
    name. Of a job that another user runs it is said only: that user may read what this one can't.
    """
    alone = _by_file_alone(config, context)
    gives_token = "token" in request.given
    if not gives_token:
        yield from _credentials(request, config, alone)
    if left := [name for name in configuration.WATCHING if _is_left(name, context, alone)]:
        are = "is that" if len(left) == 1 else "are those"
        yield (
            f"Warning: {' and '.join(left)} of {config} {are} of the archive named there: of this "
            "job nobody is told. Name this archive in a settings file of its own."
        )
    kept = alone.settings.portal.token
    is_kept_here = not gives_token and not _is_credential(kept)
    for problem in unusable(alone, with_token=is_kept_here):
        if not request.is_run_by_another:
            raise UsageError(f"{problem}", advice="Mend it, then print the job.")
        yield f"Warning: this user can't use the settings. {problem}"


def _is_left(name: str, context: Context, alone: Context) -> bool:
    """Whether who watches by the settings file is not told of the archive of this job."""
    here, there = context.settings.notify, alone.settings.notify
    return getattr(here, name) is None and getattr(there, name) is not None


def _credentials(request: ScheduleRequest, config: Path, alone: Context) -> Iterator[str]:
    """Yield the line that a service needs to be given its token by systemd.

    Raises :class:`UsageError` where a job could not tell from its file where its token is.
    """
    kept = alone.settings.portal.token
    if kept is None:
        raise UsageError(
            f"{config} does not say where the token is kept, and the job reads nothing else.",
            advice="Set token_file in it (or token_command, token_keyring), then print the job.",
        )
    if isinstance(kept, FromFile) and _is_credential(kept):
        if not request.has_credentials:
            raise UsageError(
                f"token_file is {kept.path}, which only a systemd service has.",
                advice="Keep the token in a file of your own (0600) and name that in token_file.",
            )
        named = f"LoadCredential={kept.path.name}:FILE"
        yield f"The service needs a line {named}, where the token is."


def _is_credential(kept: TokenSource | None) -> bool:
    """Whether systemd gives a service its token."""
    return isinstance(kept, FromFile) and kept.path.parts[0] == CREDENTIALS


def _by_file_alone(config: Path, context: Context) -> Context:
    """Return what the settings file says, without any variable of ours."""
    environ = {n: text for n, text in context.environ.items() if not n.startswith("ARCHIVER_")}
    account = (context.account,) if context.account else ()
    return configuration.load(SettingsRequest(config=config, accounts=account), environ)


def _not_in_the_job(context: Context, given: tuple[str, ...]) -> Iterator[str]:
    """Yield the variables that decide something here and nothing in the job."""
    for field, place in context.places.items():
        if place.startswith("ARCHIVER_") and field not in given:
            yield place
    foreign = VARIABLES if context.settings.network.proxy is None else frozenset()
    prefix = site(context).credentials
    for name in sorted(context.environ):
        is_credential = bool(prefix) and name.startswith(prefix)
        if is_credential or name.lower() in foreign:
            yield name


def _program() -> Path:
    """Return the full path of the installed command: a job has no PATH to look it up in."""
    try:
        files = metadata.files("recording-archiver") or ()
    except metadata.PackageNotFoundError:
        files = ()
    for file in files:
        if file.name == "archiver" and file.parent.name == "bin":
            return Path(os.path.normpath(file.locate()))
    raise UsageError(
        "The archiver command of this installation can't be found.",
        advice="Install it with pip or pipx, and run the installed command.",
    )
