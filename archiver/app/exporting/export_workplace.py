"""The folder beside the result in which an export is put together; it is gone when that is done."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from archiver.app.exporting.output_errors import writing
from archiver.app.exporting.parts.seal_check import is_as_sealed
from archiver.domain.export_form import ExportForm
from archiver.domain.layout import ARCHIVE_KEY
from archiver.domain.quantities import human_bytes
from archiver.errors import DestinationError, UsageError
from archiver.store.disk.folders import sync_folder_at


class ExportWorkplace(Struct, frozen=True):
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
        """Make the folder if need be; raises :class:`UsageError` where the place is taken.

        An empty one is what an export left that was cut off before its plan, or at its very end.
        """
        if os.path.lexists(self.folder):
            if not self._is_own():
                raise UsageError(
                    f"{self.folder} is no export that was cut off; it was not touched.",
                    advice="Move it away, or name another with --out.",
                )
            with writing(self.folder):
                if not any(self.folder.iterdir()):
                    self.folder.rmdir()
        if not os.path.lexists(self.folder):
            self._require_first_free()
        with writing(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)

    def _is_own(self) -> bool:
        """Whether the folder that is there is one that an export was cut off in."""
        with writing(self.folder):
            if self.folder.is_symlink() or not self.folder.is_dir():
                return False
            names = [path.name for path in self.folder.iterdir()]
        has_plan = any(name.startswith(self.plan.name) for name in names)
        return not names or (has_plan and ARCHIVE_KEY not in names)

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
        self._require_not_there(self.result(number))

    def _require_first_free(self) -> None:
        """Raise :class:`UsageError` where a place is taken that a part of this may need."""
        self.require_free(1)
        if self.in_parts and self.place.parent.is_dir():
            for path in sorted(self.place.parent.iterdir()):
                number = path.name[len(self.place.stem) + 1 :].removesuffix(self.place.suffix)
                if number.isdecimal() and path == self.result(int(number)):
                    self._require_not_there(path)

    def _require_not_there(self, result: Path) -> None:
        if os.path.lexists(result):
            raise UsageError(
                f"{result} exists already; it was not touched.",
                advice="Move it away, or name another with --out.",
            )

    def is_hurt(self, parts: Sequence[str], form: ExportForm) -> bool:
        """Whether a part that has no name yet is not as it was sealed; each is read."""
        return any(
            not is_as_sealed(form, self.part(number), seal)
            for number, seal in enumerate(parts, 1)
            if self.part(number).exists()
        )

    def require_publishable(self, parts: Sequence[str], form: ExportForm) -> None:
        """Raise unless every part can get its name, or has it; ``parts`` are their seals.

        :class:`UsageError` where a name is taken, :class:`DestinationError` where a part is gone.
        """
        for number, seal in enumerate(parts, 1):
            if self.part(number).exists():
                self.require_free(number)
            elif not is_as_sealed(form, self.result(number), seal):
                raise DestinationError(
                    f"{self.result(number)} was made, and is not there as it was any more.",
                    advice=f"Put it back and run it again, or remove {self.folder} to begin anew.",
                )

    def publish(self, parts: int) -> tuple[Path, ...]:
        """Give the parts their names, those that have none yet, and return the names."""
        for number in range(1, parts + 1):
            if self.part(number).exists():
                self.require_free(number)
                with writing(self.result(number)):
                    self.part(number).rename(self.result(number))
        with writing(self.place):
            sync_folder_at(self.place.parent)
        return tuple(self.result(number) for number in range(1, parts + 1))

    def remove(self) -> None:
        """Clear up what was made here, and leave what was not.

        The plan goes last, so that it can always be told what is left here.
        """
        with writing(self.folder):
            for made in [*self.folder.iterdir()]:
                if made == self.drafts or made.name.isdecimal():
                    _remove(made)
            for plan in sorted(self.folder.glob(f"{self.plan.name}*"), reverse=True):
                plan.unlink()
            if not any(self.folder.iterdir()):
                self.folder.rmdir()


def _remove(path: Path) -> None:
    """Remove a folder or a file."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
