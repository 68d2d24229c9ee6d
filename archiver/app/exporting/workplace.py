"""The folder beside the result in which an export is put together; it is gone when that is done."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from archiver.app.exporting.output_errors import writing
from archiver.domain.quantities import human_bytes
from archiver.errors import DestinationError, UsageError


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where an export to ``place`` is put together, as one part or ``in_parts``.

    Nobody else may look into it: the plan holds what was asked for.
    """

    place: Path
    in_parts: bool

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.place.with_name(f"{self.place.name}.part")

    @property
    def plan(self) -> Path:
        """The file of the plan."""
        return self.folder / "plan.sqlite"

    @property
    def drafts(self) -> Path:
        """The folder of drafts."""
        return self.folder / "drafts"

    def part(self, number: int) -> Path:
        """Return where a part is put together."""
        return self.folder / f"{number:03}"

    def result(self, number: int) -> Path:
        """Return what a part is called in the end: ``calls-001.zip``, or ``calls.zip`` alone."""
        if not self.in_parts:
            return self.place
        return self.place.with_name(f"{self.place.stem}-{number:03}{self.place.suffix}")

    def open(self) -> None:
        """Make the folder if need be; raises :class:`UsageError` where the place is taken."""
        if not self.folder.is_dir():
            self.require_free(1)
        with writing(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear(self) -> None:
        """Begin to write: what an earlier try left of drafts goes."""
        self.require_free(1)
        with writing(self.folder):
            shutil.rmtree(self.drafts, ignore_errors=True)
            self.drafts.mkdir()

    def require_space(self, wanted: int) -> None:
        """Raise :class:`DestinationError` where so many bytes have no room."""
        with writing(self.folder):
            free = shutil.disk_usage(self.folder).free
        if free < wanted:
            raise DestinationError(
                f"{self.place} will take {human_bytes(wanted)}, and {human_bytes(free)} are free.",
                advice="Free some space and run it again, or name another place with --out.",
            )

    def require_free(self, number: int) -> None:
        """Raise :class:`UsageError` where a part's place is taken."""
        result = self.result(number)
        if os.path.lexists(result):
            raise UsageError(
                f"{result} exists already; it was not touched.", advice="Name another with --out."
            )

    def publish(self, parts: int) -> tuple[Path, ...]:
        """Give the parts their names, those that have none yet, and return the names."""
        for number in range(1, parts + 1):
            if self.part(number).exists():
                self.require_free(number)
                with writing(self.result(number)):
                    self.part(number).rename(self.result(number))
        return tuple(self.result(number) for number in range(1, parts + 1))

    def remove(self) -> None:
        """Clear up; the plan goes last, so that it can always be told what is left here."""
        with writing(self.folder):
            shutil.rmtree(self.drafts, ignore_errors=True)
            self.plan.unlink(missing_ok=True)
            shutil.rmtree(self.folder)
