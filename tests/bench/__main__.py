"""Let archiver and what people would use instead do the same work, in turns, case by case.

python -m tests.bench --recordings 800 --turns 3
python -m tests.bench --case bulk --case reading
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench import page
from tests.bench.case import Case, Figures, Size, chosen
from tests.bench.cases import CASES
from tests.bench.timing import Failed
from tests.campaigns.report import parser


def told(case: Case, size: Size, figures: Figures, seconds: float) -> str:
    """Return the figures of a case in Markdown, and where and how they were taken."""
    asked = f"--case {case.name} --recordings {size.recordings} --turns {size.turns}"
    head = f"`python -m tests.bench {asked}`, {page.machine()}, in {seconds:.0f} s."
    return f"{head}\n\n{figures.text()}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases one after another; each is told, and recorded, as soon as it has ended.

    One that fails keeps the figures that are recorded of it, and the others go on.
    """
    usual = Size()
    options = parser(__doc__)
    names = [case.name for case in CASES]
    options.add_argument("--case", action="append", default=[], choices=names, help="only this one")
    options.add_argument("--recordings", type=int, default=usual.recordings)
    options.add_argument("--seconds", type=int, default=usual.seconds, help="of talk, 1 kB each")
    options.add_argument("--turns", type=int, default=usual.turns)
    options.add_argument("--leave-out", action="append", default=[], help="a side, by its name")
    asked = options.parse_args(arguments)
    size = Size(asked.recordings, asked.seconds, asked.turns, tuple(asked.leave_out))
    failed: list[str] = []
    for case in chosen(CASES, asked.case):
        began = time.monotonic()
        try:
            with tempfile.TemporaryDirectory(prefix="archiver-bench-") as home:
                figures = case.run(size, Path(home))
        except (Failed, OSError) as error:
            sys.stdout.write(f"## {case.title}\n\nNot measured: {error}\n\n")
            failed.append(case.name)
            continue
        text = told(case, size, figures, time.monotonic() - began)
        sys.stdout.write(f"## {case.title}\n\n{text}\n")
        sys.stdout.flush()
        if asked.record:
            page.write(case.name, text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
