"""What an archive costs as it grows: the same steps where little is held, and where very much is.

A quick verify is measured on archives with files, of which the large one is a fortieth: the files
of a million recordings would take longer than all else here.
"""

from collections.abc import Mapping
from pathlib import Path
from statistics import median

from msgspec import Struct

from archiver.check.audit import audit
from archiver.check.audit_report import SizeOnly
from archiver.domain.layout import PRIVATE
from archiver.store.local import LocalStore
from tests.bench.case import Case, Figures, Size
from tests.bench.goals import Goal, Reached
from tests.bench.growing import busy_ms, grown
from tests.bench.held import hold, made_up
from tests.bench.portal_process import PortalPlan
from tests.bench.sides import archiver, environment, rows
from tests.bench.timing import peak_mb, took
from tests.bench.work import Work, listed

SMALL = 1_000
VERIFIED_OF_GROWN = 40
FAR = 10_000_000
APART = 3
"""Days between two recordings, so that each is alone on its own."""
PLAN, CATALOG, MANIFEST, VERIFY, ONE = "plan", "catalog", "manifest", "verify", "one"
STEPS = {
    PLAN: ("planning, a row that is held", "µs"),
    CATALOG: ("a manifest of 500 entered in the catalog", "ms"),
    MANIFEST: ("a manifest of 500 written", "ms"),
    VERIFY: ("quick verify, a recording", "µs"),
    ONE: ("a pull of one new recording", "ms"),
}


class Cost(Struct, frozen=True):
    """What the steps cost in an archive of ``held`` recordings; ``verified`` has as many files."""

    held: int
    verified: int
    steps: Mapping[str, float]
    memory_mb: float
    catalog_bytes: int


def run(size: Size, home: Path) -> Figures:
    """Measure the steps in a small archive and in a large one."""
    few, many = min(SMALL, size.grown // 10), size.grown
    days = size.turns + 1
    with listed(PortalPlan(days, 7, days * APART)) as portal:
        small = cost(portal, home / "small", few, few, size.turns)
        large = cost(portal, home / "large", many, many // VERIFIED_OF_GROWN, size.turns)
    return Figures(reached(small, large), [*table(small, large), "", *forecast(small, large)])


def cost(portal: Work, home: Path, held: int, verified: int, turns: int) -> Cost:
    """Measure every step as often as there are turns; the median counts."""
    home.mkdir()
    archive = home / "archive"
    with grown(archive, portal.endpoint, held) as it:
        plan_us = median(it.plan_us() for _ in range(turns))
        written = [it.manifest_and_catalog_ms(turn) for turn in range(turns)]
    catalog_bytes = max(path.stat().st_size for path in (archive / PRIVATE).glob("*.sqlite"))
    days = sorted({str(row["created_at"])[:10] for row in rows(portal)})
    commands = [archiver("pull", "--day", day, "--quiet") for day in days]
    environ = environment(portal, archive)
    pulled = [took(command, environ) for command in commands[:turns]]
    memory_mb = peak_mb(commands[turns], environ)
    steps = {
        PLAN: plan_us,
        CATALOG: median(entered for _, entered in written),
        MANIFEST: median(wrote for wrote, _ in written),
        VERIFY: quick_verify_us(home / "files", portal.endpoint, verified),
        ONE: 1_000 * median(each.user_s + each.system_s for each in pulled),
    }
    return Cost(held, verified, steps, memory_mb, catalog_bytes)


def quick_verify_us(archive: Path, endpoint: str, recordings: int) -> float:
    """Verify the names and sizes of an archive; return microseconds a recording."""
    hold(archive, endpoint, made_up(recordings))
    store = LocalStore(archive)

    def verified() -> None:
        if not audit(store, depth=SizeOnly()).is_clean:
            raise AssertionError("the archive is not as it was made")

    return busy_ms(verified) * 1_000 / recordings


def reached(small: Cost, large: Cost) -> list[Reached]:
    """Return how many times as much each step costs in the large archive."""
    return [
        Reached(
            Goal(f"growth {small.held:,} → {_held(large, step):,}: {what}", 1.2, 1, "×"),
            large.steps[step] / small.steps[step],
        )
        for step, (what, _) in STEPS.items()
    ]


def table(small: Cost, large: Cost) -> list[str]:
    """Return what the steps take, of the processor."""
    lines = [
        f"| processor's time, median | {small.held:,} held | {large.held:,} held |",
        "|---|---|---|",
    ]
    for step, (what, unit) in STEPS.items():
        note = "" if _held(large, step) == large.held else f" ({_held(large, step):,} held)"
        lines.append(
            f"| {what} | {small.steps[step]:,.1f} {unit} | {large.steps[step]:,.1f} {unit}{note} |"
        )
    sizes = (f"{each.catalog_bytes / 1e6:,.0f} MB" for each in (small, large))
    peaks = (f"{each.memory_mb:.0f} MB" for each in (small, large))
    lines += [f"| size of the catalog | {' | '.join(sizes)} |"]
    return [*lines, f"| memory of a pull of one | {' | '.join(peaks)} |"]


def forecast(small: Cost, large: Cost) -> list[str]:
    """Return what ten million held recordings would cost, by the straight line through both."""

    def at_far(little: float, much: float, held: int = large.held) -> float:
        return max(much, much + (much - little) / (held - small.held) * (FAR - held))

    far = {step: at_far(small.steps[step], large.steps[step], _held(large, step)) for step in STEPS}
    memory_mb = at_far(small.memory_mb, large.memory_mb)
    catalog_bytes = at_far(small.catalog_bytes, large.catalog_bytes)
    return [
        f"| {FAR:,} held: computed by the straight line through both columns, not measured | |",
        "|---|---|",
        f"| a pull of one new recording | {far[ONE] / 1_000:,.1f} s, {memory_mb:,.0f} MB |",
        f"| a manifest of 500 written | {far[MANIFEST]:,.0f} ms |",
        f"| a manifest of 500 entered in the catalog | {far[CATALOG] / 1_000:,.1f} s |",
        f"| planning a listing of all of them | {_minutes(far[PLAN])} |",
        f"| a quick verify of all of them | {_minutes(far[VERIFY])} |",
        f"| size of the catalog | {catalog_bytes / 1e9:,.0f} GB |",
    ]


def _minutes(each_us: float) -> str:
    return f"{each_us * FAR / 6e7:,.0f} minutes"


def _held(cost: Cost, step: str) -> int:
    return cost.verified if step == VERIFY else cost.held


CASE = Case("growth", "Growth", run)
