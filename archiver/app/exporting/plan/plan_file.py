"""The plan of an export in its file, and how far its writing has come."""

import json
from collections.abc import Iterable, Iterator, Mapping

from archiver.app.exporting.plan.plan_database import PlanDatabase
from archiver.app.exporting.plan.plan_draft import ABSENCE, PLAN, RECORDING, documents_in
from archiver.app.exporting.plan.planned import (
    PlanFacts,
    Planned,
    PlannedDocument,
    PlannedRecording,
    WrittenParts,
)
from archiver.handover.handed_over import LeftOut
from archiver.manifest.codec import read

_WHOLE = "whole"
AT_ONCE = 500
_KINDS: Mapping[str, type[Planned]] = {RECORDING: PlannedRecording, ABSENCE: LeftOut}


class PlanFile:
    """The plan in ``database``, once it is fixed."""

    def __init__(self, database: PlanDatabase) -> None:
        self._db = database

    def facts(self) -> PlanFacts | None:
        """Return what the plan is of, ``None`` where there is none yet."""
        return self._db.fact(PlanFacts, PLAN)

    def whole(self) -> WrittenParts | None:
        """Return all parts, once each of them is whole."""
        return self._db.fact(WrittenParts, _WHOLE)

    def items(self) -> Iterator[Planned]:
        """Yield what is planned, in its order."""
        question = "SELECT position, kind, told FROM items WHERE position > ?"
        question += f" ORDER BY position LIMIT {AT_ONCE}"
        some = self._db.rows(question, 0)
        while some:
            for _, kind, told in some:
                with self._db.asking():
                    planned = read(_KINDS[str(kind)], json.loads(str(told)))
                yield planned
            some = self._db.rows(question, some[-1][0])

    def documents(self) -> Iterator[PlannedDocument]:
        """Yield the documents of the archive that go with the recordings."""
        return documents_in(self._db)

    def begin(self) -> None:
        """Begin to note what is written: where a power cut loses that, it is only copied again."""
        self._db.be_durable(durable=False)

    def note_written(self, part: int, files: Iterable[tuple[str, int]]) -> None:
        """Note which files are in a part by now, and where they begin."""
        for path, begins in files:
            self._db.change("INSERT OR REPLACE INTO written VALUES (?, ?, ?)", path, part, begins)
        self._db.commit()

    def written(self, path: str) -> tuple[int, int] | None:
        """Return in which part a file was written before, if it was, and where it begins there."""
        question = "SELECT part, begins FROM written WHERE path = ?"
        for part, begins in self._db.rows(question, path):
            return int(str(part)), int(str(begins))
        return None

    def note_whole(self, written: WrittenParts) -> None:
        """Note that all parts are whole; they are on disk already, and so is this then."""
        self._db.be_durable(durable=True)
        self._db.note(_WHOLE, written)
