"""Gaps of every kind among thousands of calls over a change of clocks: each found, none invented.

python -m tests.campaigns.certificates --calls 10000 --seeds 10
"""

import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from msgspec import Struct, field

from archiver.catalog import Catalog
from archiver.check.audit import audit
from tests.campaigns.report import Report, finish, parser
from tests.completeness.planted import NUMBERS, Planted, Shelved, plant, shelve
from tests.store.memory import MemoryStore

DATED = {True: "by their end", False: "by their beginning"}


class Figures(Struct):
    """What was planted, and what came of it, over all seeds; ``bad`` has what is wrong of it."""

    bad: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)
    around: set[str] = field(default_factory=set)
    longest_s: float = 0.0

    def look(self, archive: Shelved) -> None:
        """Look at each day, and hold what is found against what was planted."""
        made = archive.planted
        looking = archive.reviewer()
        for day in made.days:
            began = time.monotonic()
            review, truth = looking.review(day), made.truth[day]
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            missed, invented = truth.missed(review), truth.invented(review)
            four = review.balance
            self.counts += Counter(
                {
                    "calls": four.calls,
                    "found missing": len(four.missing),
                    "found excluded": len(four.excluded),
                    "found without a call": len(four.without_call),
                    "missed": len(missed),
                    "invented": len(invented),
                }
            )
            if missed or invented or four.calls != len(truth.calls):
                self.bad.append(f"seed {made.seed}, {day}: missed {missed}, invented {invented}")
        self.planted += Counter(made.planted)
        self.around.add(f"{made.change}, recordings dated {DATED[made.dated_by_end]}")

    def certify(self, archive: Shelved) -> None:
        """Certify what adds up; then accept all that does not, and certify the rest."""
        made = archive.planted
        first = {*archive.certify().days}
        archive.accept_findings()
        accepted = archive.accept_gaps()
        second = {*archive.certify().days}
        false = (first ^ made.even_days) | (second ^ ({*made.days} - made.even_days))
        self.counts += Counter(
            {
                "gaps accepted": accepted,
                "days certified": len(first) + len(second),
                "days certified and not even, or the other way round": len(false),
            }
        )
        for day, (certificate,) in archive.certificates().items():
            if certificate.calls.missing != made.truth[day].lacking:
                self.bad.append(f"seed {made.seed}: the certificate of {day} miscounts")
            if any(number in certificate.to_json() for number in NUMBERS):
                self.bad.append(f"seed {made.seed}: a number in the certificate of {day}")
        if false or archive.certify().days or not audit(archive.store).is_clean:
            self.bad.append(f"seed {made.seed}: wrong certificates {sorted(map(str, false))}")


def one(planted: Planted, figures: Figures) -> None:
    """Archive what was planted, and look at it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Catalog(Path(folder))) as catalog,
    ):
        archive = shelve(planted, MemoryStore(), catalog)
        figures.look(archive)
        figures.certify(archive)


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--calls", type=int, default=10_000)
    options.add_argument("--seeds", type=int, default=10)
    chosen = options.parse_args()
    figures = Figures()
    for seed in range(chosen.seeds):
        one(plant(seed, chosen.calls), figures)
    report = Report("certificates", bad=figures.bad)
    shown = ("missed", "invented", "days certified and not even, or the other way round")
    report.figures |= {
        "seeds": chosen.seeds,
        "around": "; ".join(sorted(figures.around)),
        **{f"planted: {kind}": count for kind, count in sorted(figures.planted.items())},
        **{name: figures.counts[name] for name in dict.fromkeys([*figures.counts, *shown])},
        "longest look at a day": f"{figures.longest_s:.1f} s",
    }
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
