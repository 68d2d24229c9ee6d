"""What can go wrong, classed by what the run must do next, and the exit codes.

Every message is a sentence for the person at the terminal: what happened, to which recording, and
in ``advice`` what to do about it. A message never holds a secret, a link's query or a phone number.
Foreign exceptions are mapped to these once, at the edge where they appear.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command (documented in ``docs/exit-codes.md``)."""

    CLEAN = 0
    """Done, and nothing needs a person."""
    BUG = 1
    """A defect of archiver itself; a redacted traceback is printed."""
    USAGE = 2
    """The command line or the settings cannot be used."""
    FINDINGS = 3
    """Finished, with an open finding, a failure, an unproven listing or a doubtful run."""
    STOPPED = 4
    """Stopped before the end by something outside; run it again."""
    LOCKED = 5
    """Another run is writing to this archive."""
    INTERRUPTED = 130
    """Interrupted by the user."""


_GRAVEST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.BUG,
    ExitCode.USAGE,
    ExitCode.STOPPED,
    ExitCode.LOCKED,
    ExitCode.FINDINGS,
    ExitCode.CLEAN,
)
"""A person's wish, what only a person can mend, what another run may, what came to its end."""


def gravest(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the exit code of work that ended with all of these; without any it is clean."""
    return min(codes, key=_GRAVEST_FIRST.index, default=ExitCode.CLEAN)


class ArchiverError(Exception):
    """The root of every expected error.

    ``message`` says what happened and to what; ``advice`` says what to do next (may be empty).
    """

    exit_code = ExitCode.BUG

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __reduce__(self) -> tuple[object, ...]:
        """Let it be sent to another process with all that it says; its cause stays behind."""
        return _as_raised, (type(self), vars(self))


def _as_raised(kind: type[ArchiverError], told: Mapping[str, object]) -> ArchiverError:
    """Return an error of a kind that says the same, whatever its kind takes to be made."""
    error = kind.__new__(kind, told["message"])
    vars(error).update(told)
    return error


class TryAgain(ArchiverError):
    """May pass by itself: timeouts, resets, 429, 5xx, SlowDown, a short body.

    ``after`` is the number of seconds the other side asked for, if it did.
    """

    exit_code = ExitCode.STOPPED

    def __init__(self, message: str, *, advice: str = "", after: float | None = None) -> None:
        super().__init__(message, advice=advice)
        self.after = after


class NoAnswer(TryAgain):
    """The portal could not be reached, or broke off: it has said nothing of what was asked."""


class LinkExpired(ArchiverError):
    """The link is expired or refused: only a new one from the portal can help."""

    exit_code = ExitCode.STOPPED


class RecordingError(ArchiverError):
    """Concerns one recording for good; it gets its outcome and the run goes on."""

    exit_code = ExitCode.FINDINGS


class Gone(RecordingError):
    """The media server says that the object does not exist (any more)."""


class Refused(RecordingError):
    """We will not fetch or keep this: a host not allowed, an oversized body, an encoding."""


class StopRun(ArchiverError):
    """Nothing more can be done in this run: workers stop, what is done is manifested."""

    exit_code = ExitCode.STOPPED


class TokenRefused(StopRun):
    """The portal does not accept the token (``is_unauthorized``), or not from this address."""

    def __init__(self, message: str, *, advice: str = "", is_unauthorized: bool = False) -> None:
        super().__init__(message, advice=advice)
        self.is_unauthorized = is_unauthorized


class DestinationError(StopRun):
    """The archive cannot be written: full, read-only, not permitted, or broken.

    Met while a file was read, ``of_one_file`` says that it may be all that can't be read.
    """

    def __init__(self, message: str, *, advice: str = "", of_one_file: bool = False) -> None:
        super().__init__(message, advice=advice)
        self.of_one_file = of_one_file


class NotPermitted(DestinationError):
    """These credentials, or this user, may not do it: read-only, or a right is missing."""


class ChainBroken(StopRun):
    """The manifests do not form one unbroken chain; nothing may be added to it."""


class Exists(ArchiverError):
    """The archive has other content under this name, and nothing is ever overwritten."""

    exit_code = ExitCode.STOPPED


class Missing(ArchiverError):
    """The archive has nothing under this name."""

    exit_code = ExitCode.FINDINGS


class UsageError(ArchiverError):
    """The command line or the settings cannot be used."""

    exit_code = ExitCode.USAGE


class NoToken(UsageError):
    """There is no token, or it can't be had from where it is kept."""


class Locked(ArchiverError):
    """Another run is writing to this archive."""

    exit_code = ExitCode.LOCKED


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code of work that this error ended."""
    match error:
        case ArchiverError():
            return error.exit_code
        case KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case BrokenPipeError():  # the reader of the result went away, as head does
            return ExitCode.STOPPED
        case _:
            return ExitCode.BUG


def message_of(error: BaseException) -> str:
    """Return the sentence that says in a report what ended the work; never a foreign message."""
    match error:
        case ArchiverError():
            return error.message
        case KeyboardInterrupt():
            return "Interrupted."
        case _:
            return f"A bug in archiver: {type(error).__name__}."
