"""What an export is asked for, as a typed request."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, field

from archiver.domain.export_form import ExportForm
from archiver.errors import UsageError
from archiver.filters.request import FILTER_FIELDS, FilterRequest
from archiver.get.output_files import Target
from archiver.json_documents import Json

SEC, LOAD_FILE = "sec", "load-file"
LISTS = (SEC, LOAD_FILE)
"""The lists that are made on request, by their names."""


class ExportRequest(Struct, frozen=True):
    """What is handed over, and where to.

    Without ``filters``, all that the archive holds is. ``out`` is what is made, of that ``form``;
    with ``part_bytes``, it is split in parts of that size at most. ``lists`` are lists beside
    ``recordings.csv``. It is done by a person, ``by`` (else the user of this machine).
    """

    out: str
    filters: FilterRequest = field(default_factory=FilterRequest)
    form: ExportForm = ExportForm.FOLDER
    lists: tuple[str, ...] = ()
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
        self.filters.check(datetime.now(UTC).replace(tzinfo=None))

    def place(self) -> Path:
        """Return what is to be made."""
        return Path(self.out).absolute() if self.out else Path()

    def asked(self) -> Mapping[str, Json]:
        """Return the filters that are given, as JSON has them."""
        every = {name: getattr(self.filters, name) for name in FILTER_FIELDS}
        return {
            name: [*value] if isinstance(value, tuple) else value
            for name, value in every.items()
            if value
        }
