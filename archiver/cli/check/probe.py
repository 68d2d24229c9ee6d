"""``archiver probe``: judge any audio file, wherever it comes from: real length, whole or cut."""

import json
from contextlib import suppress
from pathlib import Path

import click

from archiver.app.check.probe import Probed, ProbeRequest, probe
from archiver.cli.examples import examples
from archiver.cli.options import json_option
from archiver.cli.screen.console import WHOLE, human_verdict
from archiver.config.registry import parse
from archiver.domain.outcomes import Tolerance, Verdict
from archiver.domain.plain_text import printable
from archiver.domain.quantities import human_duration
from archiver.domain.row.fields import FieldNotUnderstood, length_ms
from archiver.errors import ExitCode, UsageError, gravest
from archiver.json_documents import Json


@click.command(
    name="probe",
    epilog=examples(
        ("probe call.mp3", "is it whole, and how long?"),
        ("probe --reported 00:01:33 call.mp3", "is it as long as the portal said?"),
    ),
)
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
    reported_ms, allowed = _reported(reported), _tolerance(tolerance)
    width = len(WHOLE if reported_ms is None else Verdict.DURATION_MISMATCH)
    results = []
    for file in files:
        results.append(_probed(ProbeRequest(file, reported_ms, allowed)))
        if not as_json:
            click.echo("\n".join(_lines(results[-1], width)))
    if as_json:
        click.echo(json.dumps([*map(document, results)], indent=2))
    return gravest(result.code for result in results)


def _probed(request: ProbeRequest) -> Probed:
    try:
        return probe(request)
    except OSError as error:
        raise UsageError(
            f"{printable(str(request.file))} cannot be read: {error.strerror}.",
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


def document(result: Probed) -> dict[str, Json]:
    """Return what ``--json`` prints of a file (``manifests/probe.schema.json``)."""
    facts, judgement = result.facts, result.judgement
    return {
        "file": str(result.file),
        "codec": facts.codec,
        "duration_ms": facts.duration_ms,
        "frames": facts.frames,
        "header_ms": facts.header_ms,
        "verdict": judgement.verdict,
        "reasons": list(judgement.reasons),
        "remarks": list(judgement.remarks),
        "concerns": list(judgement.concerns),
    }


def _lines(result: Probed, width: int) -> list[str]:
    """Write one line a file, and one below it for every reason and remark."""
    facts, judgement = result.facts, result.judgement
    codec, length = facts.codec or "-", human_duration(facts.duration_ms)
    word = human_verdict(judgement).ljust(width)
    first = f"{word}  {length:>8}  {codec:<4}  {printable(str(result.file))}"
    reasons = [f"    {printable(reason)}" for reason in judgement.reasons]
    return [first, *reasons, *(f"    note: {printable(remark)}" for remark in judgement.remarks)]
