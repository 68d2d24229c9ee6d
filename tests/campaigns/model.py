"""What an archive must come to, whatever happens to it and to the portal: a model of one recording.

Pure: an ``Offer`` is what the portal has of a recording when it is listed, a ``Standing`` is where
the recording stands in the archive, and ``come_to`` says what a pull makes of these two. A pull
that is cut may have stored what it did not enter; a later one may enter that first.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.outcomes import Outcome

TOLERANCE_S = 3


class Told(Struct, frozen=True):
    """What of a row changes in these tests: its note, and its length in seconds if it has one."""

    note: str | None
    seconds: int | None


class Audio(Struct, frozen=True):
    """Bytes by their SHA-256, and how many seconds they sound."""

    sha256: str
    seconds: int

    def is_good_for(self, told: Told) -> bool:
        """Whether it is as long as a row tells."""
        return told.seconds is None or abs(told.seconds - self.seconds) <= TOLERANCE_S


class Version(Struct, frozen=True):
    """Audio, and what the row told when it was stored."""

    told: Told
    audio: Audio


class Offer(Struct, frozen=True):
    """What the portal has: a row, perhaps with a link, and perhaps an object that it leads to."""

    told: Told
    is_linked: bool
    audio: Audio | None


class Entered(Struct, frozen=True):
    """One entry of the chain: an outcome, and what was stored with it."""

    outcome: Outcome
    version: Version | None = None


class Standing(Struct, frozen=True):
    """Where a recording stands in the archive: what is held, what is set aside while nothing is.

    ``last`` is what was entered last that says something of it. One that ``waits`` was listed and
    had no audio yet.
    """

    held: Version | None = None
    aside: Version | None = None
    is_open: bool = False
    last: Entered | None = None
    waits: bool = False

    def after(self, entered: Entered) -> "Standing":
        """Return where it stands when this has been entered."""
        match entered.outcome:
            case Outcome.ARCHIVED:
                return Standing(held=entered.version, last=entered)
            case Outcome.QUARANTINED:
                aside = None if self.held else entered.version
                return replace(self, aside=aside, is_open=True, last=entered, waits=False)
            case Outcome.GONE:
                return replace(self, is_open=True, last=entered, waits=False)
            case _:
                return replace(self, waits=not (self.held or self.is_open))


def come_to(standing: Standing, offer: Offer) -> Entered | None:
    """Return what a pull enters for a listed recording, ``None`` when it is held and the same."""
    if standing.held and standing.held.told == offer.told and not standing.is_open:
        return None
    if offer.is_linked:
        return _fetched(offer)
    at_hand = standing.held or standing.aside
    if at_hand and (standing.held or at_hand.audio.is_good_for(offer.told)):
        return _judged(Version(offer.told, at_hand.audio))
    return Entered(Outcome.NO_AUDIO)


def explained(  # noqa: PLR0913 - what a pull may have known, each by name
    entries: Sequence[Entered],
    left: Sequence[Version],
    standing: Standing,
    offer: Offer | None,
    *,
    is_whole: bool,
    is_damaged: bool = False,
) -> Standing | None:
    """Return where a recording stands after the entries of one pull; ``None``: they are a fault.

    ``left`` is what cut pulls may have stored without entering it, ``offer`` what was listed (if it
    was), and ``is_whole`` says that the pull was not cut: then nothing may be owed. What
    ``is_damaged`` can't be judged by a row that has changed, and stays what it was.
    """
    if not entries:
        owed = come_to(standing, offer) if is_whole and offer else None
        return None if owed and not _is_asked_about(owed, standing) else standing
    first, *rest = entries
    for version in left:
        if first == _judged(version):
            others = [each for each in left if each != version]
            after = standing.after(first)
            end = explained(rest, others, after, offer, is_whole=is_whole, is_damaged=is_damaged)
            if end is not None:
                return end
    may_come_to = {come_to(standing, offer)} if offer else set()
    if offer is None and standing.waits:
        may_come_to.add(Entered(Outcome.GONE))
    if offer and not offer.is_linked and is_damaged:
        may_come_to.add(Entered(Outcome.NO_AUDIO))
    if not rest and first in may_come_to:
        return standing.after(first)
    return None


def _is_asked_about(owed: Entered, standing: Standing) -> bool:
    """Whether a pull may learn by an ETag that this is what it entered last, and say it no more."""
    return owed.outcome is Outcome.QUARANTINED and owed == standing.last


def _fetched(offer: Offer) -> Entered:
    return _judged(Version(offer.told, offer.audio)) if offer.audio else Entered(Outcome.GONE)


def _judged(version: Version) -> Entered:
    good = version.audio.is_good_for(version.told)
    return Entered(Outcome.ARCHIVED if good else Outcome.QUARANTINED, version)
