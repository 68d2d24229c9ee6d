"""Manifests that no listing stands behind: what a person decided, what was repaired."""

import socket
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from msgspec import Struct, field

from archiver import __version__
from archiver.domain.outcomes import Outcome
from archiver.manifest.format import FORMAT
from archiver.manifest.model import Entry, FindingCounts, Manifest, ManifestKind, Run
from archiver.manifest.records.decisions import Decision, Export
from archiver.manifest.records.erasures import Erasure
from archiver.manifest.records.files import CallFile, CertificateFile, Head
from archiver.manifest.records.holds import HoldChange


def run_of(
    id_: str,
    started: datetime,
    ended: datetime,
    settings: Mapping[str, str | int | bool | None],
    *,
    closed: bool,
) -> Run:
    """Return a run of this host and this version."""
    return Run(
        id=id_,
        started=started,
        ended=ended,
        closed=closed,
        host=socket.gethostname(),
        tool=f"archiver {__version__}",
        filtered=False,
        settings=settings,
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class Statement(Struct, frozen=True):
    """What a manifest of this ``kind`` is to say of one archive, on whichever head it lands.

    ``settings`` are those that decided, as in :class:`Run`; ``since``, ``export``, ``erasure``,
    ``holds`` and ``portal`` are as in :class:`Manifest`.
    """

    kind: ManifestKind
    archive: str
    decision: Decision | None = None
    settings: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    since: date | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: datetime = field(default_factory=_now)
    export: Export | None = None
    erasure: Erasure | None = None
    holds: tuple[HoldChange, ...] = ()
    portal: str | None = None

    def on(
        self,
        below: Head | None,
        entries: Iterable[Entry],
        findings: FindingCounts,
        calls: Iterable[CallFile] = (),
        certificates: Iterable[CertificateFile] = (),
    ) -> Manifest:
        """Return the manifest that follows ``below``. Nothing was listed, so all is accounted."""
        return Manifest(
            format=FORMAT,
            archive=self.archive,
            number=below.number + 1 if below else 1,
            previous=below,
            kind=self.kind,
            run=run_of(self.id, self.started, _now(), self.settings, closed=True),
            windows=(),
            recordings=tuple(entries),
            held=(),
            unlisted=(),
            days=(),
            calls=tuple(calls),
            since=self.since,
            decision=self.decision,
            outcomes=dict.fromkeys(Outcome, 0),
            findings=findings,
            accounted=True,
            clean=not findings.open,
            export=self.export,
            erasure=self.erasure,
            certificates=tuple(certificates),
            holds=self.holds,
            portal=self.portal,
        )
