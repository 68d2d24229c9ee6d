"""Which calls need no recording, and why. Pure."""

from archiver.calls.call import LoggedCall
from archiver.catalog.numbers import digits_of, is_same
from archiver.domain.expectation import Exclusion, Expect, Expectation
from archiver.domain.recordings import Essential


class Rules:
    """The rules of which calls must have a recording, made ready to be asked of many calls."""

    def __init__(self, expectation: Expectation) -> None:
        self._expectation = expectation
        self._services = expectation.named("service")
        self._statuses = expectation.named("status")
        self._numbers = digits_of(expectation.numbers)

    def exclusion_of(self, call: LoggedCall, *, is_recorded: bool) -> Exclusion | None:
        """Return why a call needs no recording, ``None`` for one that must have it.

        What the portal itself says has audio must have it. A time or a length that is not told, or
        that nobody can read, is no reason. A call that ``is_recorded`` has a recording in the
        listing, be it held or not.
        """
        if call.says_recorded:
            return None
        if self._is_named(call):
            return Exclusion.NOT_RECORDED
        is_read = call.when is not None and not call.unread & {Essential.TIME, Essential.LENGTH}
        if is_read and not call.has_talk:
            return Exclusion.NOT_ANSWERED
        if is_read and call.seconds * 1_000 < self._expectation.min_talk_ms:
            return Exclusion.TOO_SHORT
        if self._expectation.expect is Expect.SAID and not is_recorded:
            return Exclusion.NOT_SAID
        return None

    def _is_named(self, call: LoggedCall) -> bool:
        """Whether a person said that calls like it are not recorded at all."""
        return (
            call.service in self._services
            or call.status in self._statuses
            or any(is_same(one, other) for one in self._numbers for other in call.numbers)
        )
