"""Files of calls: stored day by day, and those entered that a run which was killed had stored."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from functools import partial

from msgspec import Struct

from archiver.domain.layout import calls_key, day_folder, sha12_of
from archiver.domain.recordings import RecordingId
from archiver.domain.times.window import Window
from archiver.json_documents import BadDocument
from archiver.manifest.model import MAX_BYTES
from archiver.manifest.named_files.call_files import call_file, read_calls
from archiver.manifest.records.files import ArchivedFile, CallFile
from archiver.portal.proving.walk import Listed
from archiver.pull.run_context import RunContext
from archiver.removal.call_rows import has_rows, rest_of
from archiver.removal.making_way import store_document


class CallStorage(Struct, frozen=True):
    """Stores the rows of calls of one run, and enters the files in its ledger."""

    run: RunContext

    def write(self, calls: Iterable[Listed]) -> None:
        """Store rows in a file for each day, and enter the files."""
        by_day: defaultdict[date | None, list[Listed]] = defaultdict(list)
        for each in calls:
            by_day[each.row.at.date() if each.row.at else None].append(each)
        for day in sorted(by_day, key=lambda day: day or date.min):
            text = call_file(each.row for each in by_day[day])
            self.run.ledger.enter_calls(self._stored(day, text))

    def adopt(self, window: Window) -> None:
        """Enter the files that a run which was killed had stored of these days, and not entered.

        Of one with rows of erased calls, what else is in it is stored anew.
        """
        adopted, erased = False, self.run.catalog.erased.calls()
        for day in (*window.each_day(), None):
            keys = [item.key for item in self.run.store.items(f"calls/{day_folder(day)}/")]
            entered = self.run.catalog.recordings.entered(keys)
            for key in (key for key in keys if key not in entered):
                left = self._left(day, key, erased)
                if left and left.file.path not in entered:
                    self.run.store.sync(left.file.path)
                    self.run.ledger.enter_calls(left)
                    adopted = True
        if adopted:
            self.run.ledger.write()

    def _left(self, day: date | None, key: str, erased: Collection[RecordingId]) -> CallFile | None:
        """Return the entry of a file that lies there, if it is what its name says.

        Where it has rows of erased calls, that is the entry of its other rows.
        """
        with self.run.store.open(key) as file:
            text = file.read(MAX_BYTES + 1)
        sha256 = hashlib.sha256(text).hexdigest()
        if sha12_of(key) != sha256[:12]:
            return None
        try:
            rows = len(read_calls(text))
            if has_rows(text, erased):
                text = rest_of(text, erased)
                return self._stored(day, text) if text else None
            version = self.run.store.stat(key).version
            return CallFile(day, rows, ArchivedFile(key, len(text), sha256, version))
        except (BadDocument, ValueError):
            return None

    def _stored(self, day: date | None, text: bytes) -> CallFile:
        """Store a file of calls; return its entry."""
        file = store_document(self.run.store, partial(calls_key, day), text)
        return CallFile(day, text.count(b"\n"), file)
