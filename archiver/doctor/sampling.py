"""A few recent recordings, fetched and measured to learn what this portal's audio is like.

The audio goes to a private folder of temporary files and is gone when it is measured.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from msgspec import Struct

from archiver.audio.measure import measure
from archiver.audio.verdict import judge
from archiver.domain.audio_facts import Facts
from archiver.domain.checks import Check, CheckStatus
from archiver.domain.outcomes import Concern, Judgement, Tolerance, Verdict
from archiver.domain.recordings import Essential, Row
from archiver.errors import ArchiverError, RecordingError
from archiver.media.link import parse as parse_link
from archiver.media.media_client import MediaClient
from archiver.media.transfer import FetchedBody, Transfer, byte_cap
from archiver.secret import Secret
from archiver.store.scratch import scratch

MOST = 20
_MEASURABLE = {Verdict.VERIFIED, Verdict.DURATION_MISMATCH}
_MOST_OF_THEM = 0.9


class SampledRecording(Struct, frozen=True):
    """One recording that was fetched: where from, what was reported, and what it is."""

    host: str
    reported_ms: int | None
    facts: Facts
    judgement: Judgement

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with it but, at most, its length."""
        return self.judgement.verdict.is_good or self.judgement.verdict in _MEASURABLE

    def doubt(self, concern: Concern) -> str | None:
        """Return what a concern about it says, ``None`` where there is no such one."""
        judgement = self.judgement
        return dict(zip(judgement.concerns, judgement.reasons, strict=False)).get(concern)


class Samples(Struct, frozen=True):
    """What could be fetched, and why others could not."""

    taken: tuple[SampledRecording, ...]
    refused: tuple[ArchiverError, ...]


def take(rows: Iterable[Row], media: MediaClient, tolerance: Tolerance) -> Samples:
    """Fetch and measure the first :data:`MOST` rows that have a link.

    What concerns one recording alone is noted; after any other error no more are fetched.
    """
    rows = tuple(rows)
    taken, refused = list[SampledRecording](), list[ArchiverError]()
    unread = (row.unread.get(Essential.AUDIO) for row in rows)
    refused += (RecordingError(f"Of a recent recording, {reason}.") for reason in unread if reason)
    linked = [(row, row.link) for row in rows if row.link is not None]
    for row, link in linked[:MOST]:
        try:
            fetched, facts = _measured(row, link, media)
        except ArchiverError as error:
            refused.append(error)
            if not isinstance(error, RecordingError):
                break
        else:
            judgement = judge(
                facts,
                row.reported_ms,
                tolerance,
                unread=row.unread.get(Essential.LENGTH),
                length_proven=fetched.length_proven,
            )
            taken.append(SampledRecording(parse_link(link).host, row.reported_ms, facts, judgement))
    return Samples(tuple(taken), tuple(refused))


def _measured(row: Row, link: Secret, media: MediaClient) -> tuple[FetchedBody, Facts]:
    with scratch() as folder:
        path = folder / "sample"
        with path.open("wb") as file:
            fetched = media.fetch(Transfer(byte_cap(row.reported_ms)), link, file)
        return fetched, measure(path)


def check_media(samples: Samples) -> Check:
    """Say whether recordings can be fetched, and come whole as far as that can be told."""
    name, taken, refused = "media", samples.taken, samples.refused
    if not taken:
        if refused:
            return Check.fail(name, _all_of(refused))
        return Check(name, CheckStatus.NOT_RUN, "None of the newest recordings has a link.")
    hosts = ", ".join(sorted({sample.host for sample in taken}))
    came = f"{len(taken)} of {len(taken) + len(refused)} recent recordings came from {hosts}"
    broken = [sample for sample in taken if not sample.is_sound]
    if refused:
        every = _all_of(refused)
        return Check.warn(name, f"{came}. {every.message}", every.advice)
    if broken:
        why = "; ".join(broken[0].judgement.reasons)
        advice = "A run tries such recordings again, and quarantines those that stay so."
        return Check.warn(name, f"{came}, {len(broken)} of them not found whole: {why}.", advice)
    if unsure := sum(
        not sample.judgement.is_sure for sample in taken if sample.judgement.verdict.is_good
    ):
        found = f"{came}; nothing tells how long {unsure} of them are: a part would look the same."
        advice = "Such recordings are findings. Ask the provider to list their lengths."
        return Check.warn(name, found, advice)
    return Check.ok(name, f"{came}, {_how_whole(taken)}.")


def _all_of(refused: Sequence[ArchiverError]) -> ArchiverError:
    """Return every reason that was met and every advice, once each, as an error like the last."""
    times = Counter(error.message for error in refused)
    told = (f"{message} ({many} times)" if many > 1 else message for message, many in times.items())
    advice = dict.fromkeys(error.advice for error in refused if error.advice)
    every = ArchiverError(" ".join(told), advice=" ".join(advice))
    every.exit_code = refused[-1].exit_code
    return every


def _how_whole(taken: Iterable[SampledRecording]) -> str:
    """Say what is known of sound samples; they are whole where their lengths are as reported."""
    verdicts = Counter(sample.judgement.verdict for sample in taken)
    if {*verdicts} == {Verdict.VERIFIED}:
        return "each of them whole"
    odd = {
        "have no reported length to be compared with": verdicts[Verdict.DURATION_UNKNOWN],
        "are not as long as reported": verdicts[Verdict.DURATION_MISMATCH],
    }
    counts = (f"{count} {what}" for what, count in odd.items() if count)
    return "; ".join(["none of them with a gap or a cut inside", *counts])


def check_lengths(samples: Samples, tolerance: Tolerance) -> Check:
    """Hold measured against reported lengths; propose a tolerance if most are beyond it."""
    unread = [doubt for each in samples.taken if (doubt := each.doubt(Concern.DURATION_UNREAD))]
    if unread:
        found = f"Of {len(unread)} of {len(samples.taken)} recent recordings, {unread[0]}."
        advice = "They are archived, and are findings until accepted. Please report the form."
        return Check.warn("lengths", found, advice)
    lengths = [
        (sample.reported_ms, sample.facts.duration_ms)
        for sample in samples.taken
        if sample.reported_ms is not None and sample.judgement.verdict in _MEASURABLE
    ]
    if not lengths:
        why = "There is no whole recording with a reported length to measure."
        return Check("lengths", CheckStatus.NOT_RUN, why)
    apart = sorted(measured - reported for reported, measured in lengths)
    found = (
        f"Measured less reported on {len(apart)} recent recordings: {_seconds(median(apart))} "
        f"(median), from {_seconds(apart[0])} to {_seconds(apart[-1])}"
    )
    beyond = sum(not tolerance.allows(*pair) for pair in lengths)
    if not beyond:
        return Check.ok("lengths", f"{found}.")
    found = f"{found}; {beyond} beyond the tolerance."
    if 2 * beyond <= len(apart):
        return Check.warn("lengths", found, "Such recordings are quarantined: listen to them.")
    enough = sorted(map(abs, apart))[math.ceil(_MOST_OF_THEM * len(apart)) - 1]
    proposed = f"{math.ceil(enough / 1000) + 1}s, {tolerance.permille / 10:g}%"
    advice = f'If what they hold is complete, set tolerance = "{proposed}".'
    return Check.warn("lengths", found, advice)


def _seconds(ms: float) -> str:
    return f"{round(ms / 1000, 1) + 0.0:+} s"
