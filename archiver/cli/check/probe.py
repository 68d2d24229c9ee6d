"""``archiver probe``: judge any audio file, wherever it comes from: real length, whole or cut."""

import json
from contextlib import suppress
from pathlib import Path

import click

from archiver.audio.measure import measure
from archiver.audio.verdict import judge
from archiver.cli.options import json_option
from archiver.cli.screen.console import WHOLE, human_verdict, printable
from archiver.config.registry import parse
from archiver.domain.audio_facts import Facts
from archiver.domain.outcomes import Judgement, Tolerance, Verdict
from archiver.domain.quantities import human_duration
from archiver.domain.row.fields import FieldNotUnderstood, length_ms
from archiver.errors import ExitCode, UsageError


@click.command(name="probe")
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--reported",
    metavar="LENGTH",
    help='The length that the portal reported, as it writes it: "00:01:33".',
)
@click.option(
    "--tolerance",
    metavar="SECONDS",
    help='How far the lengths may differ: seconds, or such as "3s, 1%" [default: "3s, 1%"].',
)
@json_option
def command(
    files: tuple[Path, ...], reported: str | None, tolerance: str | None, *, as_json: bool
) -> ExitCode:
    """Judge audio files: measure what is really there and say whether it is whole.

    Without --reported, a file is judged by its inside alone; one that does not say itself how long
    it is may be a part of a longer one. Ends with 3 when any is not good, or may be a part.
    """
    reported_ms = _reported(reported)
    allowed = _tolerance(tolerance)
    probed, code = [], ExitCode.CLEAN
    for file in files:
        facts = _measured(file)
        judgement = judge(facts, reported_ms, allowed, length_proven=False)
        probed.append(_told(file, facts, judgement))
        if not as_json:
            width = len(WHOLE if reported_ms is None else Verdict.DURATION_MISMATCH)
            click.echo("\n".join(_lines(file, facts, judgement, width)))
        if not judgement.is_sure:
            code = ExitCode.FINDINGS
    if as_json:
        click.echo(json.dumps(probed, indent=2))
    return code


def _measured(file: Path) -> Facts:
    try:
        return measure(file)
    except OSError as error:
        raise UsageError(
            f"{printable(str(file))} cannot be read: {error.strerror}.",
            advice="Check the name and your permissions.",
        ) from error


def _reported(text: str | None) -> int | None:
    if text is None:
        return None
    with suppress(FieldNotUnderstood):
        if reported_ms := length_ms(text):
            return reported_ms
    raise UsageError(
        f'--reported "{printable(text)}" is no length.', advice="Write it as 00:01:33."
    )


def _tolerance(text: str | None) -> Tolerance:
    if text is None:
        return Tolerance()
    is_plain = text.replace(".", "", 1).isdecimal()
    settings, problems = parse({"tolerance": f"{text}s" if is_plain else text}, "--{}".format)
    if problems:
        raise UsageError("\n".join(map(str, problems)))
    return settings.tolerance


def _told(file: Path, facts: Facts, judgement: Judgement) -> dict[str, object]:
    return {
        "file": str(file),
        "codec": facts.codec,
        "duration_ms": facts.duration_ms,
        "frames": facts.frames,
        "header_ms": facts.header_ms,
        "verdict": judgement.verdict,
        "reasons": judgement.reasons,
        "remarks": judgement.remarks,
        "concerns": judgement.concerns,
    }


def _lines(file: Path, facts: Facts, judgement: Judgement, width: int) -> list[str]:
    """Write one line a file, and one below it for every reason and remark."""
    codec, length = facts.codec or "-", human_duration(facts.duration_ms)
    word = human_verdict(judgement).ljust(width)
    first = f"{word}  {length:>8}  {codec:<4}  {printable(str(file))}"
    reasons = [f"    {printable(reason)}" for reason in judgement.reasons]
    return [first, *reasons, *(f"    note: {printable(remark)}" for remark in judgement.remarks)]
