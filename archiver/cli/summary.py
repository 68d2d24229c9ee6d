"""What a pull came to, in words and as ``--json`` has it."""

from typing import TYPE_CHECKING, Any

from archiver.catalog.findings import SAMPLE
from archiver.cli.output import human_bytes
from archiver.cli.windows import span
from archiver.manifest.shape import plain, present
from archiver.outcomes import Concern, Outcome, Verdict
from archiver.windows import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.manifest.entry import Backlog
    from archiver.recordings import Json
    from archiver.run.backlog import Lag
    from archiver.run.pull import Result
    from archiver.run.state import State
    from archiver.run.tally import Tally


def document(result: "Result", state: "State") -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/pull.schema.json``)."""
    tally = result.tally
    shown = [outcome for outcome in Outcome if outcome is not Outcome.ERASED]
    return {
        "window": span(result.window),
        "outcomes": {"listed": tally.listed}
        | {outcome.value: tally.outcomes.get(outcome, 0) for outcome in shown},
        "findings": {"new": tally.new_findings, "open": tally.open_findings},
        "bytes": tally.bytes,
        "refreshed": tally.refreshed,
        "adopted": tally.adopted,
        "unlisted": tally.unlisted,
        "calls": plain(tally.calls),
        "waiting": sum(tally.waiting.values()),
        "left": {"recordings": tally.left, "windows": tally.windows_left},
        "backlog": _backlog(tally.lag),
        "unsettled_since": plain(state.unsettled_since),
        "doubts": list(tally.doubts),
        "requests": result.requests,
        "accounted": tally.accounted,
        "clean": tally.clean,
        "windows": [plain(proof) for proof in result.windows],
        "head": plain(result.head),
    }


def line(result: "Result") -> str:
    """Return the one line that says it all: what a mail, a ping and a log begin with."""
    tally = result.tally
    counts = ", ".join(f"{count} {outcome}" for outcome, count in tally.outcomes.items() if count)
    return (
        f"{tally.listed} listed: {counts or 'nothing'}. "
        f"Findings: {tally.new_findings} new, {tally.open_findings} open. {_proof(tally)}."
        f"{' Doubtful: see above.' if tally.doubts else ''}"
    )


def lines(result: "Result", state: "State", seconds: float) -> "Iterator[str]":
    """Yield what a person reads at the end of a run."""
    tally = result.tally
    yield line(result)
    yield (
        f"{human_bytes(tally.bytes)} in {seconds:.1f} s, {result.requests} requests, "
        f"{tally.refreshed} links refreshed. Head: {result.head}"
    )
    if tally.calls.listed:
        yield (
            f"{tally.calls.listed} calls listed: {tally.calls.new} new, "
            f"{tally.calls.changed} changed."
        )
    if state.since and state.unsettled_since and state.since < state.unsettled_since:
        yield f"Settled: every day from {state.since} to {state.unsettled_since - DAY}."
    if not tally.all_proven:
        yield (
            "What is not proven is listed again by every run; a day's listing can be accepted: "
            "archiver accept --listing DATE."
        )
    if tally.waiting:
        yield f"{sum(tally.waiting.values())} wait for a later time to be tried again."
    yield from _left(tally)
    yield from _what_to_do(result.open_by_kind)


def _what_to_do(open_: "Mapping[str, int]") -> "Iterator[str]":
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


def _backlog(lag: "Lag | None") -> "Json":
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


def _told(backlog: "Backlog") -> "dict[str, Json]":
    return {name: plain(value) for name, value in present(backlog)}


def _left(tally: "Tally") -> "Iterator[str]":
    """Say what the budget left, and if that is too much, why, and what to do."""
    if tally.left or tally.windows_left:
        yield (
            f"The budget is spent: {tally.left} recordings that are listed, and "
            f"{tally.windows_left} more days, are left to the next run."
        )
    lag = tally.lag
    if lag is None or not lag.is_behind:
        return
    before = f"{_amount(lag.now)} now, {_amount(lag.before)} before" if lag.before else ""
    if lag.is_growing:
        yield f"The backlog grows: {before}."
    elif lag.is_stalled:
        yield f"The backlog has not become less in {lag.now.stalled} runs: {before}."
    if lag.expiring:
        yield f"The provider is about to delete what is left of {lag.expiring} (provider_keeps)."
    if lag.is_dropped:
        yield (
            f"{_amount(lag.now)} are left, and the next run's window begins later. Pull without a "
            "window: archiver pull archives whatever is due, and nothing is left out."
        )
        return
    yield "Raise --max-time or --max-bytes, or run more often. Next time the oldest come first."


def _amount(backlog: "Backlog") -> str:
    """Return what is left, in words."""
    days = f"{backlog.days} days not listed"
    if backlog.recordings is None:
        return days
    return f"{backlog.recordings} recordings" + (f" ({days})" if backlog.days else "")


def _proof(tally: "Tally") -> str:
    """Say how far the run can be believed, and whether a person is needed."""
    if tally.well and not tally.accounted:
        return "Listing not yet complete; clean so far"
    if tally.all_proven and tally.lag is not None and tally.lag.is_behind:
        left = f"{_amount(tally.lag.now)} left"
        before = f", {_amount(tally.lag.before)} before" if tally.lag.before else ""
        return f"Listing not complete, and falling behind: {left}{before}; NOT clean"
    proof = "accounted" if tally.accounted else "NOT accounted: see above"
    return f"Listing {proof}; {'clean' if tally.clean else 'NOT clean'}"
