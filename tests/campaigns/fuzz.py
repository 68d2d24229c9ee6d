"""Fuzzing every reader of foreign bytes: a minute each, led by the branches that inputs take.

An input that breaks a law is written to tests/fuzz/cases, where the suite runs it ever after.

    python -m tests.campaigns.fuzz --seconds 60
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from tests.campaigns.report import Report, finish, parser
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

CASES = Path(__file__).parents[1] / "fuzz" / "cases"
LOCK = "requirements-fuzz.lock"
INSTALL = f"python -m pip install --only-binary :all: --require-hashes --requirement {LOCK}"
LEAST_EXECUTIONS = 50_000
MOST_S = 5
MOST_MB = 1_024
"""For one input, in seconds and of the process's memory: more is a breach as well."""
GRACE_S = 120.0
_EXECUTIONS = re.compile(r"stat::number_of_executed_units: *([0-9]+)")
_BREACH = re.compile(r"Uncaught Python exception: ===\n(.*)|ERROR: libFuzzer: (.*)")


class Run(Struct, frozen=True):
    """What became of one target: how many inputs it took, and what the breach was, if any."""

    executions: int
    breach: str | None


def campaign(targets: Iterable[Target], seconds: int, least: int, cases: Path) -> Report:
    """Fuzz each target for ``seconds``; fewer than ``least`` executions are a breach too."""
    report = Report("fuzz")
    if find_spec("atheris") is None:
        report.skipped.append(f"atheris is not installed: {INSTALL}")
        return report
    total = 0
    for target in targets:
        ran = fuzz(target, seconds, cases / target.name)
        total += ran.executions
        report.figures[f"{target.name}: executions"] = ran.executions
        if ran.breach:
            report.bad.append(f"{target.name}: {ran.breach}")
        elif ran.executions < least:
            report.bad.append(f"{target.name}: {ran.executions} executions, fewer than {least}")
    report.figures["executions in all"] = total
    report.figures["laws broken"] = len(report.bad)
    return report


def fuzz(target: Target, seconds: int, cases: Path) -> Run:
    """Fuzz one target until the time is over or a law is broken; keep the input that broke it."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = _arguments(target, seconds, Path(folder))
        ended = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.engine", target.name, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds + GRACE_S,
        )
        kept = [_keep(found.read_bytes(), cases) for found in Path(folder, "found").iterdir()]
    told = ended.stdout + ended.stderr
    executions = _EXECUTIONS.search(told)
    return Run(int(executions[1]) if executions else 0, _breach(ended.returncode, told, kept))


def _arguments(target: Target, seconds: int, folder: Path) -> list[str]:
    """Lay out what libFuzzer needs in ``folder``; return its arguments."""
    seeds, found, words = folder / "seeds", folder / "found", folder / "words"
    seeds.mkdir()
    found.mkdir()
    for number, seed in enumerate(target.seeds):
        (seeds / str(number)).write_bytes(seed)
    quoted = ("".join(f"\\x{byte:02x}" for byte in word) for word in target.words)
    words.write_text("".join(f'"{word}"\n' for word in quoted), "ascii")
    return [
        str(seeds),
        f"-dict={words}",
        f"-artifact_prefix={found}/",
        f"-max_total_time={seconds}",
        f"-max_len={target.longest}",
        f"-timeout={MOST_S}",
        f"-rss_limit_mb={MOST_MB}",
        "-print_final_stats=1",
        "-seed=1",
    ]


def _keep(data: bytes, cases: Path) -> str:
    """Write an input under its own hash, as a case of the suite; return its name."""
    cases.mkdir(parents=True, exist_ok=True)
    case = cases / hashlib.sha256(data).hexdigest()[:16]
    case.write_bytes(data)
    return case.name


def _breach(code: int, told: str, kept: list[str]) -> str | None:
    if not code:
        return None
    said = _BREACH.search(told)
    what = next(filter(None, said.groups()), "") if said else told.strip()[-300:]
    return f"{what or f'ended with {code}'} ({', '.join(kept) or 'no input kept'})"


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--least", type=int, default=LEAST_EXECUTIONS)
    names = [[], *TARGETS]  # the first is what argparse makes of no name
    options.add_argument("targets", nargs="*", choices=names, default=[])
    chosen = options.parse_args()
    targets = [TARGETS[name] for name in chosen.targets or TARGETS]
    return finish(campaign(targets, chosen.seconds, chosen.least, CASES), record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
