"""One recording on stdout, for a player: whole or not at all."""

import shutil
import sys
from pathlib import Path

from archiver.errors import UsageError
from archiver.get.output_files import Draft, Target, writing
from archiver.store.scratch import temporary

STDOUT = "-"
ONLY_MINE = 0o600


class Stdout(Target, frozen=True):
    """Stdout, to which a recording goes once it is whole."""

    @property
    def folder(self) -> Path | None:
        """No folder: the recording gets no name."""
        return None

    def require_usable(self) -> None:
        """Keep audio off a terminal: its bytes would be taken for letters and commands."""
        if sys.stdout.isatty():
            raise UsageError(
                "Audio is not written to a terminal.",
                advice="Send it on: archiver get ID -o - | ffplay -; or name a file with --out.",
            )

    def place_of_drafts(self) -> tuple[Path, int]:
        """Return the system's folder for temporary files, which nobody else may read there."""
        return temporary(), ONLY_MINE

    def keep(self, draft: Draft, _stem: str, _extension: str) -> str:
        """Write a whole file to stdout."""
        with writing(str(draft.path.parent), "Set TMPDIR to a folder with more room."):
            draft.file.flush()
        with draft.path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return "stdout"
