"""Full-size pulls over links that die young or are refused: what is lost, and what it costs.

python -m tests.campaigns.links --recordings 2000 --life 3 --refused 1000
"""

import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.manifest.journal import Journal
from archiver.sandbox import Encoding, Faults, Sandbox, Trouble, Troubled, World
from archiver.store.local import LocalStore
from tests.campaigns.report import Report, finish, parser
from tests.cli.desk import TOKEN, Desk

DAY = datetime(2021, 4, 6, tzinfo=UTC)
REFUSED_ONCE = Faults(media=(Troubled(Trouble.REFUSED, times=1),))


def campaign(report: Report, called: str, count: int, faults: Faults, life: int) -> None:
    """Pull one day of ``count`` recordings over links of ``life`` seconds; add to the report."""
    world = World(seed=count)
    last = DAY + timedelta(hours=23)
    world.add(count=count, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(1, 2))
    with (
        tempfile.TemporaryDirectory() as home,
        Sandbox(world, faults, token=TOKEN, link_life=life) as sandbox,
    ):
        archive = Path(home, "archive")
        ran = Desk(sandbox, Path(home)).run("pull", "-a", str(archive), "--day", "2021-04-06")
        manifests = Journal(LocalStore(archive)).manifests()
        outcomes = Counter(e.outcome.value for _head, m in manifests for e in m.recordings)
        counts = sandbox.counts
    report.figures |= {
        f"{called}: recordings": count,
        f"{called}: archived": outcomes["archived"],
        f"{called}: lost": count - outcomes["archived"],
        f"{called}: links refused, of these expired": f"{counts['refused']}, {counts['expired']}",
        f"{called}: requests, downloads": f"{counts['recordings']}, {counts['media']}",
    }
    if ran.code or outcomes["archived"] != count:
        report.bad.append(f"{called}: exit {ran.code}, {dict(outcomes)}")


def main() -> int:
    """Run both campaigns and tell their figures."""
    options = parser(__doc__)
    options.add_argument("--recordings", type=int, default=2_000)
    options.add_argument("--life", type=int, default=3)
    options.add_argument("--refused", type=int, default=1_000)
    chosen = options.parse_args()
    report = Report("links")
    young = f"links that live {chosen.life} s"
    campaign(report, young, chosen.recordings, Faults(), chosen.life)
    campaign(report, "links refused once", chosen.refused, REFUSED_ONCE, 3_600)
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
