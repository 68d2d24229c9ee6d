"""One part of a hand-over: complete by itself, with lists, proofs and papers of its own."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.exporting.export_request import LOAD_FILE, SEC
from archiver.app.exporting.parts.growing import GrowingList
from archiver.app.exporting.parts.wrapper import DraftedFile, Wrapper
from archiver.app.exporting.plan.planned import PlanFacts, WrittenPart
from archiver.domain.export_form import ExportForm
from archiver.handover import bag, csv_lists, load_file, papers
from archiver.handover.handed_over import NO_SIDECAR, WHOLE_DAY, HandedOver, LeftOut, PartFacts
from archiver.handover.wrapping import sums_line
from archiver.handover.zip_file import END, entry_size


class DraftedRecording(Struct, frozen=True):
    """A recording whose files are whole, each in a draft, and its row."""

    row: HandedOver
    files: tuple[DraftedFile, ...]


class RowList(Struct, frozen=True):
    """A list with a line for each recording."""

    growing: GrowingList
    line: Callable[[HandedOver], bytes]


class PartWriter:
    """Writes the part of that ``number`` at ``place``; its drafts lie in ``drafts`` until then."""

    def __init__(self, number: int, place: Path, drafts: Path, facts: PlanFacts) -> None:
        self.number = number
        self._facts = facts
        self._wrapper = Wrapper(place, drafts, facts)
        self._lists = tuple(_lists(facts.lists, drafts))
        absent = csv_lists.LEFT_OUT
        self._absent = GrowingList(absent.name, drafts / absent.name, absent.header())
        self._recordings = 0
        self._left_out = Counter[str]()
        self._open = 0
        self._room = None if facts.part_bytes is None else facts.part_bytes - facts.reserved - END

    def has_room(self, item: DraftedRecording | LeftOut) -> bool:
        """Whether something fits in; the first thing always does."""
        is_empty = not (self._recordings or self._left_out)
        return self._room is None or is_empty or self._size_of(item) <= self._room

    def add(self, item: DraftedRecording | LeftOut) -> Iterable[tuple[str, int]]:
        """Add a recording, or what was left out; return what was written, and where."""
        if self._room is not None:
            self._room -= self._size_of(item)
        if isinstance(item, LeftOut):
            self._left_out[item.what] += 1
            self._open += not item.accepted
            self._absent.add(csv_lists.LEFT_OUT.line(item))
            return ()
        self._recordings += 1
        self._open += item.row.is_open
        for each in self._lists:
            each.growing.add(each.line(item.row))
        return [(file.name, self._wrapper.put(file)) for file in item.files]

    def end(self, proofs: Iterable[DraftedFile], *, is_last: bool) -> WrittenPart:
        """Add the lists, the ``proofs`` and the papers, and make the part whole."""
        wrapper, facts = self._wrapper, self._facts
        csv, *_ = [wrapper.put_list(each.growing) for each in self._lists]
        wrapper.put_list(self._absent)
        for each in proofs:
            wrapper.put(each)
        without = self._left_out.pop(NO_SIDECAR, 0)
        days = self._left_out[WHOLE_DAY]
        left_out = self._left_out.total() - days
        counts = self._recordings, left_out, days, without
        part = PartFacts(self.number, *counts, bytes=0, files=0, csv_sha256=csv, is_last=is_last)
        for name, text in papers.drafts(facts, part, wrapper.wrapping).items():
            wrapper.put_text(name, text)
        self._put_tags(replace(part, bytes=wrapper.bytes, files=wrapper.files))
        seal = wrapper.seal()
        return WrittenPart(
            seal, self._recordings, dict(self._left_out), without, self._open, wrapper.size
        )

    def close(self) -> None:
        """Close all that is open; what was not ended is begun anew by the next try."""
        for each in (*(each.growing for each in self._lists), self._absent):
            each.close()
        self._wrapper.close()

    def _put_tags(self, part: PartFacts) -> None:
        wrapper, facts = self._wrapper, self._facts
        if facts.form is ExportForm.BAG:
            wrapper.put_tag("bagit.txt", bag.DECLARATION)
            wrapper.put_tag("bag-info.txt", bag.bag_info(facts, part))
        told = facts, replace(part, listed_sha256=wrapper.listed), wrapper.wrapping
        wrapper.put_tag(papers.README, papers.paper(papers.README, *told))
        wrapper.put_tag(papers.CHECK, papers.paper(papers.CHECK, *told), is_program=True)

    def _size_of(self, item: DraftedRecording | LeftOut) -> int:
        """Return what something takes in a part, with its lines in the lists."""
        if isinstance(item, LeftOut):
            return len(csv_lists.LEFT_OUT.line(item))
        lines = sum(len(each.line(item.row)) for each in self._lists)
        return lines + sum(map(self._size_of_file, item.files))

    def _size_of_file(self, file: DraftedFile) -> int:
        name = self._wrapper.wrapping.payload + file.name
        return entry_size(name, file.bytes) + len(sums_line(file.sha256, name))


def _lists(names: Iterable[str], drafts: Path) -> Iterator[RowList]:
    """Yield the lists of recordings that are made; ``recordings.csv`` comes first."""
    csv = [csv_lists.RECORDINGS, *([csv_lists.SEC] if SEC in names else [])]
    for sheet in csv:
        yield RowList(GrowingList(sheet.name, drafts / sheet.name, sheet.header()), sheet.line)
    if LOAD_FILE in names:
        name = load_file.NAME
        growing = GrowingList(name, drafts / name, load_file.header())
        yield RowList(growing, load_file.line)
