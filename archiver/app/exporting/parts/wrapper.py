"""Putting files into a part, and each into a list of hashes, so that no file is unnamed."""

import hashlib
from pathlib import Path

from msgspec import Struct

from archiver.app.exporting.output_errors import writing
from archiver.app.exporting.parts.containers import container_for
from archiver.app.exporting.parts.growing import GrowingList
from archiver.app.exporting.plan.planned import PlanFacts
from archiver.handover.wrapping import sums_line, wrapping_of


class DraftedFile(Struct, frozen=True):
    """A whole file that waits for its name: the draft, its size and its SHA-256."""

    name: str
    draft: Path
    bytes: int
    sha256: str


class Wrapper:
    """Puts a part together at ``place``; drafts and lists lie in the folder ``drafts`` till then.

    ``files`` and ``bytes`` are what is handed over, ``size`` is all that was put in.
    """

    def __init__(self, place: Path, drafts: Path, facts: PlanFacts) -> None:
        self.wrapping = wrapping_of(facts.form)
        self.files = 0
        self.bytes = 0
        self.size = 0
        self._drafts = drafts
        self._listed = hashlib.sha256()
        self._container = container_for(facts.form, place, facts.started)
        self._sums = GrowingList(self.wrapping.sums, drafts / "sums")
        is_one = self.wrapping.sums == self.wrapping.seal
        self._tags = self._sums if is_one else GrowingList(self.wrapping.seal, drafts / "tags")

    @property
    def listed(self) -> str:
        """The SHA-256 of the lines that tell the hashes of what was put in so far."""
        return self._listed.hexdigest()

    def put(self, file: DraftedFile) -> int:
        """Put in what is handed over; return where its bytes begin in the container's file."""
        self.files += 1
        self.bytes += file.bytes
        return self._put(self.wrapping.payload + file.name, file, self._sums)

    def put_text(self, name: str, text: bytes) -> None:
        """Put in a document that is handed over."""
        self.put(self._drafted(name, text))

    def put_tag(self, name: str, text: bytes, *, is_program: bool = False) -> None:
        """Put in what tells of the hand-over and lies beside it."""
        self._put(name, self._drafted(name, text), self._tags, is_program=is_program)

    def put_list(self, growing: GrowingList) -> str:
        """Put in a list that is whole; return its SHA-256."""
        sha256 = growing.end()
        self.put(DraftedFile(growing.name, growing.path, growing.bytes, sha256))
        return sha256

    def seal(self) -> str:
        """Put in the lists of hashes; return the SHA-256 that fixes every byte of it."""
        sha256 = self._sums.end()
        if self._tags is not self._sums:
            sums = DraftedFile(self._sums.name, self._sums.path, self._sums.bytes, sha256)
            self._put(sums.name, sums, self._tags)
            sha256 = self._tags.end()
        self._container.place(self._tags.name, self._tags.path)
        self.size += self._tags.bytes
        self._container.close()
        return sha256

    def close(self) -> None:
        """Close all that is open, as far as it got."""
        self._sums.close()
        self._tags.close()
        self._container.abandon()

    def _put(
        self, name: str, file: DraftedFile, listed: GrowingList, *, is_program: bool = False
    ) -> int:
        line = sums_line(file.sha256, name)
        listed.add(line)
        self._listed.update(line)
        self.size += file.bytes
        return self._container.place(name, file.draft, is_program=is_program)

    def _drafted(self, name: str, text: bytes) -> DraftedFile:
        draft = self._drafts / "text"
        with writing(draft):
            draft.write_bytes(text)
        return DraftedFile(name, draft, len(text), hashlib.sha256(text).hexdigest())
