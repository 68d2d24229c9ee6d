"""The result of the pull's use case."""

from datetime import date

from msgspec import Struct

from archiver.errors import ExitCode
from archiver.overview.archive_status import ArchiveStatus
from archiver.pull.run import PullResult


class PullRun(Struct, frozen=True):
    """What a pull came to, where its archive stands after it, and the days that it certified."""

    result: PullResult
    status: ArchiveStatus
    certified: tuple[date, ...] = ()

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where nothing needs a person."""
        return ExitCode.CLEAN if self.result.totals.well else ExitCode.FINDINGS
