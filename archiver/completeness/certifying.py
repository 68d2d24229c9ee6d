"""Writing the certificates of days that add up: stored first, then named by a manifest.

A run that is cut off in between leaves a file that no manifest names. The same day makes the same
bytes, so the next run finds it in its place; where the day makes others by then, it is set aside.
"""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from archiver.completeness.certificate import Certificate, certificate_of
from archiver.completeness.review import DayReview, Reviewer
from archiver.concurrency.stop import StopRequested, check_not_stopped
from archiver.domain.expectation import Expectation
from archiver.domain.layout import certificate_key, day_folder, is_set_aside
from archiver.errors import Missing
from archiver.json_documents import BadDocument, dumps
from archiver.manifest.builder import Statement
from archiver.manifest.codec import plain
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.records.files import ArchivedFile, CertificateFile, Head
from archiver.open_archive import OpenArchive
from archiver.removal.making_way import set_aside, store_document

TOGETHER = 200
"""So many certificates are named by one manifest."""


class Certified(Struct, frozen=True):
    """The days that were certified, and the head that names them; ``None`` where none was."""

    days: tuple[date, ...]
    head: Head | None


class _Overtaken(Exception):
    """Somebody wrote first: what was to be certified may not be so any more."""


class Certifier(Struct, frozen=True):
    """Certifies days of one archive. Its lock is held, where the store has one writer."""

    archive: OpenArchive
    reviewer: Reviewer

    def certify(self, days: Iterable[date], stop_requested: StopRequested) -> Certified:
        """Certify those of some days that add up and have no such certificate yet.

        The reviewer keeps what it read of calls, so all of it is of the head that was followed
        first, but for certificates. Once somebody else has written, the rest is left to the next
        time.
        """
        certified, head = list[date](), None
        seen = self.archive.catalog.followed()
        for some in _batches([*days], TOGETHER):
            new = self._reviewed(some, seen, stop_requested)
            written = self._write(new, seen) if new else None
            self._set_strays_aside(some)
            if written is not None:
                head = seen = written
                certified += [each.day for each in new]
            elif new:
                break
        return Certified(tuple(certified), head)

    def _reviewed(
        self, days: Sequence[date], seen: Head | None, stop_requested: StopRequested
    ) -> tuple[Certificate, ...]:
        """Return the new certificates of some days, and note which were looked at up to a head."""
        new = list[Certificate]()
        same, uneven = list[date](), list[date]()
        for day in days:
            check_not_stopped(stop_requested)
            review = self.reviewer.review(day)
            if not review.closes:
                uneven.append(day)
            elif made := self._new_of(review):
                new.append(made)
            else:
                same.append(day)
        number, rules = seen.number if seen else 0, rules_digest(self.reviewer.expectation)
        self.archive.catalog.note_reviewed(same, number, rules, stands=True)
        self.archive.catalog.note_reviewed(uneven, number, rules, stands=False)
        return tuple(new)

    def _new_of(self, review: DayReview) -> Certificate | None:
        """Return the certificate of a day that closes, ``None`` where it has that already."""
        before = review.certificate
        made = certificate_of(self.archive.id, review, self.reviewer.expectation, before)
        return None if before and self._says_the_same(before, made) else made

    def _says_the_same(self, before: ArchivedFile, made: Certificate) -> bool:
        with suppress(BadDocument, Missing):
            old = Certificate.from_json(self.archive.documents.read(before.path, before.version))
            return replace(old, supersedes=None) == replace(made, supersedes=None)
        return False

    def _write(self, new: Sequence[Certificate], seen: Head | None) -> Head | None:
        """Store certificates and name them; ``None`` where somebody wrote on what was ``seen``."""
        files = [self._stored(each) for each in new]
        statement = Statement(ManifestKind.CERTIFY, self.archive.id)

        def build(below: Head | None) -> Manifest:
            # Not what the catalog has followed: another process may have had it follow meanwhile.
            if below != seen:
                raise _Overtaken
            findings = self.archive.catalog.findings.standing()
            return statement.on(below, (), findings, certificates=files)

        try:
            head = self.archive.journal.append(build)
        except _Overtaken:
            return None
        self.archive.follow()
        days = [each.day for each in new]
        rules = rules_digest(self.reviewer.expectation)
        self.archive.catalog.note_reviewed(days, head.number, rules, stands=True)
        return head

    def _stored(self, certificate: Certificate) -> CertificateFile:
        key_of = partial(certificate_key, certificate.day)
        file = store_document(self.archive.store, key_of, certificate.to_json())
        before = certificate.supersedes
        return CertificateFile(certificate.day, file, before.path if before else None)

    def _set_strays_aside(self, days: Iterable[date]) -> None:
        """Set aside what lies in the days' folders and no manifest names.

        Where several write at once, it may be what another one is about to name.
        """
        if not self.archive.store.capabilities.has_one_writer:
            return
        for day in days:
            keys = [
                item.key for item in self.archive.store.items(f"certificates/{day_folder(day)}/")
            ]
            entered = self.archive.catalog.recordings.entered(keys)
            for key in (key for key in keys if not (key in entered or is_set_aside(key))):
                set_aside(self.archive.store, key)


def rules_digest(rules: Expectation) -> str:
    """Return what tells one set of rules from another, and no number of them."""
    return hashlib.sha256(dumps(plain(rules))).hexdigest()


def _batches(days: Sequence[date], size: int) -> Iterable[Sequence[date]]:
    return (days[start : start + size] for start in range(0, len(days), size))
