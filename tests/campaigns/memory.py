"""What a pull takes of memory: as much for many recordings as for few.

The peak is the kernel's own figure (VmHWM, proc(5)) of a process that does nothing but pull.

    python -m tests.campaigns.memory --few 2000 --many 20000
"""

import re
import sys
import tempfile
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tests.campaigns.report import Report, finish, parser
from tests.pulls import Archive, Ended, portal

MOST_MB = 150.0
MOST_GROWTH = 1.10
PEAK = """
import re, sys
from pathlib import Path
from archiver.cli.main import run
code = run(sys.argv[1:])
print(re.search(r"VmHWM:.*", Path("/proc/self/status").read_text())[0], file=sys.stderr)
sys.exit(code)
"""


class Weight(Struct, frozen=True):
    """The peaks of two pulls, in MB (1,000,000 bytes)."""

    few: int
    many: int
    few_mb: float
    many_mb: float

    def __str__(self) -> str:
        return (
            f"peak {self.few_mb:.1f} MB for {self.few} recordings, {self.many_mb:.1f} MB for "
            f"{self.many}: {self.growth:.3f} times as much"
        )

    @property
    def growth(self) -> float:
        """How many times the few's memory the many take."""
        return self.many_mb / self.few_mb


def campaign(few: int, many: int, folder: Path) -> Weight:
    """Pull ``few`` recordings, then ``many``, each into an empty archive."""
    return Weight(few, many, _peak_mb(few, folder / "few"), _peak_mb(many, folder / "many"))


def _peak_mb(recordings: int, folder: Path) -> float:
    with portal(recordings) as sandbox:
        return weigh(Archive(sandbox, folder))


def weigh(archive: Archive) -> float:
    """Pull into an empty archive and return the peak, in MB."""
    ended = replace(archive, program=("-c", PEAK)).pull()
    if ended.code or ended.told["outcomes"]["archived"] != len(archive.sandbox.world.recordings):
        raise AssertionError(ended.err)
    return peak_mb(ended)


def peak_mb(ended: Ended) -> float:
    """Return what a pull by the program :data:`PEAK` has told of its peak, in MB."""
    peak = re.search(r"VmHWM:\s*([0-9]+) kB", ended.err)
    if peak is None:
        raise AssertionError(f"this kernel does not tell peaks: {ended.err}")
    return int(peak[1]) * 1_024 / 1_000_000


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--few", type=int, default=2_000)
    options.add_argument("--many", type=int, default=20_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weight = campaign(chosen.few, chosen.many, Path(folder))
    report = Report("memory")
    report.figures = {
        f"peak for {weight.few:,} recordings": f"{weight.few_mb:.1f} MB",
        f"peak for {weight.many:,} recordings": f"{weight.many_mb:.1f} MB",
        "growth": f"{weight.growth:.3f}",
    }
    if weight.many_mb >= MOST_MB or weight.growth > MOST_GROWTH:
        report.bad.append(str(weight))
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
