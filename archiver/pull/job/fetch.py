"""Fetching one recording's bytes, with fresh links when one is refused: at most two of them."""

from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from msgspec import Struct

from archiver.domain.audio_facts import Facts
from archiver.domain.outcomes import Judgement
from archiver.domain.recordings import RecordingId, Row
from archiver.errors import LinkExpired, TryAgain
from archiver.media.link import parse as parse_link
from archiver.media.media_client import MediaClient
from archiver.media.transfer import FetchedBody, Transfer, byte_cap
from archiver.secret import Secret

RENEWALS = 2


class LinkSource(Protocol):
    """Hands out the links of recordings: whoever listed them, or asks who did."""

    def begin(self, id_: RecordingId, /) -> Secret | None:
        """Return a link to begin with, fresh if that can be told; ``None`` where there is none."""
        ...

    def renew(self, id_: RecordingId, stale: Secret, /) -> Secret | None:
        """Return another link than ``stale``; ``None`` if the portal no longer gives one."""
        ...


class Download(Struct, frozen=True):
    """What was fetched, and the host that it came from."""

    fetched: FetchedBody
    host: str


@dataclass(slots=True)
class Downloader:
    """Fetches one row, and counts what that cost over all its attempts.

    ``unless`` is the ETag of bytes that need not be sent again.
    """

    row: Row
    links: LinkSource
    media: MediaClient
    unless: str | None = None
    bytes: int = field(default=0, init=False)
    refreshed: int = field(default=0, init=False)
    transfers: int = field(default=0, init=False)

    def into(self, sink: BinaryIO, *, with_fresh_link: bool = False) -> Download:
        """Fetch into an empty ``sink``; a transfer that is cut goes on with the next link.

        Raises what :meth:`MediaClient.fetch` raises, and :class:`TryAgain` when the portal lists
        the recording without a link.
        """
        transfer = Transfer(byte_cap(self.row.reported_ms), self.unless)
        link = self.links.begin(self.row.id)
        if link is not None and with_fresh_link:
            link = self.links.renew(self.row.id, link)
        for renewals_left in reversed(range(RENEWALS + 1)):
            if link is None:
                break
            try:
                return self._try(transfer, link, sink)
            except LinkExpired:
                if not renewals_left:
                    raise
                link = self.links.renew(self.row.id, link)
        raise TryAgain("The portal lists it without a link now.")

    def _try(self, transfer: Transfer, link: Secret, sink: BinaryIO) -> Download:
        self.transfers += 1
        self.refreshed += link != self.row.link
        fetched = self.media.fetch(transfer, link, sink)
        self.bytes += fetched.bytes
        return Download(fetched, parse_link(link).host)


class HasJudgement(Protocol):
    """Audio that was fetched, measured and judged."""

    @property
    def facts(self) -> Facts:
        """What it is."""
        ...

    @property
    def judgement(self) -> Judgement:
        """What that means."""
        ...


def is_better(second: HasJudgement, first: HasJudgement) -> bool:
    """Whether a recording's audio, fetched once more, takes the place of what came first.

    Where neither is surely whole, the longer one is less likely to have been cut.
    """
    return _rank(second) > _rank(first)


def _rank(judged: HasJudgement) -> tuple[bool, int]:
    is_good = judged.judgement.verdict.is_good
    return judged.judgement.is_sure, judged.facts.duration_ms + 1 if is_good else 0
