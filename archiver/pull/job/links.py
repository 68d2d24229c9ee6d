"""The links of one slice, kept young: renewed together or alone, without holding up others."""

import threading
from collections.abc import Callable
from datetime import datetime

from archiver.concurrency.turns import others_turn
from archiver.domain.recordings import RecordingId, Report
from archiver.media.link import parse
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.slicing import Fetch, drive
from archiver.portal.proving.walk import Listed
from archiver.portal.renewal import find_again, list_again
from archiver.pull.plan import renew_together
from archiver.secret import Secret


class Links:
    """Hands out the newest link of each row of a slice of a ``report``.

    ``now`` is the time by the portal's clock: a hint, the media server's answer decides.
    """

    def __init__(
        self,
        slice_: tuple[Listed, ...],
        *,
        report: Report = Report.RECORDINGS,
        fetch: Fetch,
        behaviour: PortalBehaviour,
        now: Callable[[], datetime],
    ) -> None:
        self._report = report
        self._newest = {listed.row.id: listed for listed in slice_}
        self._waiting = set(self._newest)
        self._fetch = fetch
        self._manners = behaviour
        self._now = now
        self._renewing = threading.Lock()
        self.renewed = 0

    def begin(self, id_: RecordingId) -> Secret | None:
        """Return a link to begin with: the one at hand, or a fresh one if that is stale."""
        self._waiting.discard(id_)
        link = self._newest[id_].row.link
        if link is None or parse(link).is_fresh(self._now()):
            return link
        return self.renew(id_, link) or link

    @others_turn()
    def renew(self, id_: RecordingId, stale: Secret) -> Secret | None:
        """Return another link than ``stale``; ``None`` if the portal no longer gives one."""
        newer = self._by_now(id_, stale)
        if newer is None:
            with self._renewing:
                newer = self._by_now(id_, stale)
                rest = self._stale()
                if newer is None and renew_together(parse(stale).life_s, len(rest)):
                    self._renew({id_, *rest})
                    newer = self._by_now(id_, stale)
        return newer or self._alone(id_)

    def _by_now(self, id_: RecordingId, stale: Secret) -> Secret | None:
        """Return the link at hand if another thread has renewed it and it is still fresh."""
        link = self._newest[id_].row.link
        usable = link is not None and link != stale and parse(link).is_fresh(self._now())
        return link if usable else None

    def _stale(self) -> set[RecordingId]:
        """Return the rows not begun whose links are past their time, as an early refusal isn't."""
        links = ((id_, self._newest[id_].row.link) for id_ in tuple(self._waiting))
        return {id_ for id_, link in links if link and not parse(link).is_fresh(self._now())}

    def _renew(self, ids: set[RecordingId]) -> None:
        rest = tuple(self._newest[id_] for id_ in ids)
        found = drive(list_again(self._report, rest, self._manners), self._fetch)
        self._newest.update(found)
        self.renewed += len(found)

    def _alone(self, id_: RecordingId) -> Secret | None:
        found = drive(find_again(self._report, self._newest[id_], self._manners), self._fetch)
        if found is None:
            return None
        self._newest[id_] = found
        self.renewed += 1
        return found.row.link
