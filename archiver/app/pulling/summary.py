"""What a pull came to, in words and as ``--json`` has it."""

from collections.abc import Iterator, Mapping
from datetime import date

from archiver.app.opening.windows import span
from archiver.app.pulling.pull_run import PullRun
from archiver.catalog.questions.open_findings import SAMPLE
from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.quantities import counted, human_bytes
from archiver.domain.times.window import DAY
from archiver.json_documents import Json
from archiver.manifest.codec import plain, present
from archiver.manifest.records.listings import Backlog
from archiver.overview.archive_status import ArchiveStatus
from archiver.pull.budget.backlog import Lag
from archiver.pull.ledger.totals import RunTotals
from archiver.pull.run import PullResult
from archiver.removal.unfinished import told_unfinished


def document(run: PullRun) -> dict[str, Json]:
    """Return what ``--json`` prints (``manifests/pull.schema.json``)."""
    result, totals = run.result, run.result.totals
    return {
        "window": span(result.window),
        "outcomes": {
            "listed": totals.listed,
            **{outcome.value: totals.outcomes.get(outcome, 0) for outcome in Outcome},
        },
        "findings": {"new": totals.new_findings, "open": totals.open_findings},
        "bytes": totals.bytes,
        "refreshed": totals.refreshed,
        "adopted": totals.adopted,
        "unlisted": totals.unlisted,
        "calls": plain(totals.calls),
        "waiting": sum(totals.waiting.values()),
        "left": {"recordings": totals.left, "windows": totals.windows_left},
        "backlog": _backlog(totals.lag),
        "unsettled_since": plain(run.status.unsettled_since),
        "silent_days": run.status.silent_days,
        "silence_is_new": run.status.alarm,
        "certified": plain(run.certified),
        "doubts": list(totals.doubts),
        "unfinished_erasures": totals.unfinished_erasures,
        "requests": result.requests,
        "accounted": totals.accounted,
        "clean": totals.clean,
        "windows": [plain(proof) for proof in result.windows],
        "head": plain(result.head),
    }


def line(result: PullResult) -> str:
    """Return the one line that says it all: what a mail, a ping and a log begin with."""
    totals = result.totals
    counts = ", ".join(f"{count} {outcome}" for outcome, count in totals.outcomes.items() if count)
    return (
        f"{totals.listed} listed: {counts or 'nothing'}. "
        f"Findings: {totals.new_findings} new, {totals.open_findings} open. "
        f"{_unread(totals.calls.unread)}{_proof(totals)}."
        f"{' Doubtful: see above.' if totals.doubts else ''}"
    )


def silence(status: ArchiveStatus) -> Iterator[str]:
    """Say that recordings stopped coming, where that is new."""
    if status.alarm:
        yield (
            f"Nothing new for {status.silent_days} whole days, where there used to be recordings: "
            "see that calls are still recorded. If this is meant, set silent_days = 0."
        )


def lines(run: PullRun, seconds: float) -> Iterator[str]:
    """Yield what a person reads at the end of a run."""
    result, state, totals = run.result, run.status, run.result.totals
    yield line(result)
    yield (
        f"{human_bytes(totals.bytes)} in {seconds:.1f} s, {counted(result.requests, 'request')}, "
        f"{counted(totals.refreshed, 'link')} refreshed. Head: {result.head}"
    )
    if totals.calls.listed:
        yield (
            f"{counted(totals.calls.listed, 'call')} listed: {totals.calls.new} new, "
            f"{totals.calls.changed} changed."
        )
    if state.since and state.unsettled_since and state.since < state.unsettled_since:
        yield f"Settled: every day from {state.since} to {state.unsettled_since - DAY}."
    if run.certified:
        more = counted(len(run.certified) - 1, "more day", "more days")
        yield f"Certified: {run.certified[0]}{f' and {more}' if len(run.certified) > 1 else ''}."
    if not totals.all_proven:
        yield _unproven(is_doubtful=bool(totals.doubts))
    if totals.waiting:
        yield f"{sum(totals.waiting.values())} wait for a later time to be tried again."
    yield from _left(totals, state.since)
    if totals.unfinished_erasures:
        yield f"{told_unfinished(totals.unfinished_erasures)}."
    yield from _what_to_do(result.open_by_kind)


def _unproven(*, is_doubtful: bool) -> str:
    """Say what becomes of days that are not proven; nobody is to accept what is doubtful."""
    again = "What is not proven is listed again by every run"
    if is_doubtful:
        return f"{again}: first find out what the run doubts."
    return (
        f"{again}. Find out why: archiver doctor. What is right as it is can be accepted: archiver "
        "accept --listing DATE --reason TEXT."
    )


def _what_to_do(open_: Mapping[str, int]) -> Iterator[str]:
    """Say what is to be done about open findings, by kind."""
    if sum(open_.values()) > SAMPLE:
        yield f"The oldest {SAMPLE} of {sum(open_.values())} open findings are named above."
    if open_.get("gone"):
        yield "Ask the provider soon for what is gone: it may be restored."
    if open_.keys() & set(Verdict):
        yield "What was quarantined is kept under quarantine/ with its reasons beside it."
    if open_.keys() & set(Concern):
        yield "What was archived and is a finding all the same is held; its reason says why."
    if open_:
        yield "What may stay as it is: archiver accept ID --reason TEXT."


def _unread(calls: int) -> str:
    """Say how many rows of the call log are of no use, if any are."""
    return f"{counted(calls, 'call')} can't be read. " if calls else ""


def _backlog(lag: Lag | None) -> Json:
    """Return what a run over all that is due has left, and whether that is too much."""
    if lag is None:
        return None
    told = {name: value for name, value in _told(lag.now).items() if name != "from"}
    return {
        **told,
        "before": _told(lag.before) if lag.before else None,
        "expiring": plain(lag.expiring),
        "behind": lag.is_behind,
    }


def _told(backlog: Backlog) -> dict[str, Json]:
    return {name: plain(value) for name, value in present(backlog)}


def _left(totals: RunTotals, since: date | None) -> Iterator[str]:
    """Say what the budget left, and if that is too much, why, and what to do.

    The archive answers for every day ``since`` that one.
    """
    if totals.left or totals.windows_left:
        days = counted(totals.windows_left, "more day", "more days")
        listed = f"{counted(totals.left, 'recording')} that {'is' if totals.left == 1 else 'are'}"
        rest = [f"{listed} listed"] * bool(totals.left) + [days] * bool(totals.windows_left)
        yield f"The budget is spent. Left to the next run: {', and '.join(rest)}."
    lag = totals.lag
    if lag is None or not lag.is_behind:
        return
    before = f"{_amount(lag.now)} now, {_amount(lag.before)} before" if lag.before else ""
    if lag.is_growing:
        yield f"The backlog grows: {before}."
    elif lag.is_idle:
        yield "Nothing came of this run, so the next one over the same window leaves as much."
    elif lag.is_stalled:
        yield f"The backlog has not become less in {counted(lag.now.stalled, 'run')}: {before}."
    if lag.expiring:
        yield f"The provider is about to delete what is left of {lag.expiring} (provider_keeps)."
    if lag.is_dropped:
        yield f"Left: {_amount(lag.now)}. The same window, named again, leaves it out. " + (
            "Pull without a window from now on: archiver pull takes up whatever is due, of every "
            f"day from {since} on."
            if since
            else f"Pull once with --since {lag.now.oldest}, and without a window from then on: "
            "archiver pull takes up whatever is due."
        )
        return
    if lag.is_idle:
        yield "Raise --max-time or --max-bytes, or name a shorter window."
        return
    yield "Raise --max-time or --max-bytes, or run more often. Next time the oldest come first."


def _amount(backlog: Backlog) -> str:
    """Return what is left, in words."""
    days = f"{counted(backlog.days, 'day')} not listed to the end"
    if backlog.recordings is None or (backlog.days and not backlog.recordings):
        return days
    return counted(backlog.recordings, "recording") + (f" ({days})" if backlog.days else "")


def _proof(totals: RunTotals) -> str:
    """Say how far the run can be believed, and whether a person is needed."""
    if totals.well and not totals.accounted:
        return "Listing not yet complete; clean so far"
    if totals.all_proven and totals.lag is not None and totals.lag.is_behind:
        left = f"{_amount(totals.lag.now)} left"
        before = f", {_amount(totals.lag.before)} before" if totals.lag.before else ""
        return f"Listing not complete, and falling behind: {left}{before}; NOT clean"
    proof = "accounted" if totals.accounted else "NOT accounted: see above"
    return f"Listing {proof}; {'clean' if totals.clean else 'NOT clean'}"
