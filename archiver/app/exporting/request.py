"""What an export is asked for, as a typed request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archiver.app.opening.windows import WindowRequest
from archiver.domain.export_form import ExportForm
from archiver.errors import UsageError
from archiver.get.output_files import Target
from archiver.json_documents import Json

SEC, LOAD_FILE = "sec", "load-file"
SHEETS = (SEC, LOAD_FILE)
"""The lists that are made on request, by their names."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is handed over, and where.

    ``ids`` are whole or their beginnings, ``window`` is in portal time; without either, all is
    handed over. ``out`` is what is made, of that ``form``; with ``part_bytes``, it is split in
    parts of that size at most. ``sheets`` are lists beside ``recordings.csv``. It is done by a
    person, ``by`` (else the user of this machine).
    """

    out: str
    ids: tuple[str, ...] = ()
    window: WindowRequest = field(default_factory=WindowRequest)
    form: ExportForm = ExportForm.FOLDER
    sheets: tuple[str, ...] = ()
    part_bytes: int | None = None
    by: str | None = None

    def require(self) -> None:
        """Raise :class:`UsageError` for what can't be made, before anything is opened."""
        name = self.place().name
        if not name:
            raise UsageError("Export to where?", advice="Give -o PATH.")
        if name.lower().endswith(".zip") and self.form is not ExportForm.ZIP:
            raise UsageError(f"{name} is the name of a zip file.", advice="Add --zip.")
        Target(self.out).require_usable()

    def place(self) -> Path:
        """Return what is to be made."""
        return Path(self.out).absolute() if self.out else Path()

    def asked(self) -> Mapping[str, Json]:
        """Return what is asked for, as JSON has it."""
        words = {"since": self.window.since, "until": self.window.until, "day": self.window.day}
        filters: dict[str, Json] = {name: word for name, word in words.items() if word}
        return {"ids": [*self.ids], **filters} if self.ids else filters
