"""Archiving recordings on a worker of a cluster."""

from dataclasses import dataclass, field
from pathlib import Path

from archiver.app.opening.portal.media_hosts import media_client, services_of
from archiver.app.workers.answering import LinkAnswer, Unanswered, outcome_of
from archiver.app.workers.cluster.batches import Handed, PullOpening
from archiver.app.workers.cluster.place import Place
from archiver.app.workers.messages import LinkFound, LinkWanted
from archiver.domain.recordings import RecordingId
from archiver.errors import UsageError
from archiver.manifest.journal import Journal
from archiver.pull.recording import RecordingJob
from archiver.secret import Secret
from archiver.store.os_errors import map_os_errors


class PullPlace(Place):
    """The archive and the media hosts of a pull."""

    def __init__(self, opening: PullOpening) -> None:
        super().__init__(opening)
        folder = self.context.archive()
        if Journal(self.store).archive().archive != opening.archive:
            raise UsageError(f"At {folder} lies another archive than the run's.")
        if not self.store.capabilities.is_remote:
            self._require_same_user(folder, opening.shown)
        self._media = media_client(self.context, self.stopping)
        self._services = services_of(opening.settings, self._media, self.store)
        self._media.__enter__()

    def outcome_of(self, handed: object) -> object:
        """Bring a recording to its outcome, or to a wish for another link."""
        if not isinstance(handed, Handed):
            raise TypeError(f"no recording: {type(handed).__name__}")
        try:
            links = _GivenLinks(handed.answers)
            return outcome_of(RecordingJob(handed.task, links, self._services).run)
        except _LinkMissing as missing:
            return missing.wanted

    def close(self) -> tuple[str, ...]:
        """End the connections, too."""
        self.stopping.set()
        self._media.__exit__(None, None, None)
        return super().close()

    def _require_same_user(self, folder: str, shown: str) -> None:
        """See that what is written here belongs to whoever started the run."""
        with self.store.part() as part, map_os_errors("looking for the run's part file"):
            if Path(folder, shown).stat().st_uid != part.path.stat().st_uid:
                raise UsageError(f"What is written to {folder} is another user's.")


class _LinkMissing(Unanswered):
    """A job asks for one link more than it was given."""

    def __init__(self, wanted: LinkWanted) -> None:
        super().__init__("a link is wanted")
        self.wanted = wanted


@dataclass(slots=True)
class _GivenLinks:
    """The links that came with a task, each after the one before was refused."""

    answers: tuple[LinkAnswer, ...]
    _at: int = field(default=0, init=False)

    def begin(self, id_: RecordingId) -> Secret | None:  # noqa: ARG002 - they are of one recording
        """Return the last that was asked for."""
        return self._answer()

    def renew(self, id_: RecordingId, stale: Secret) -> Secret | None:
        """Return the next one; raises :class:`_LinkMissing` where none was given."""
        if self._at + 1 == len(self.answers):
            raise _LinkMissing(LinkWanted(id_, stale))
        self._at += 1
        return self._answer()

    def _answer(self) -> Secret | None:
        answer = self.answers[self._at]
        if isinstance(answer, LinkFound):
            return answer.link
        raise answer.error
