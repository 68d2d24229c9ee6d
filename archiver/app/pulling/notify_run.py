"""Telling others how a pull went: pings and metrics, whichever way it ended."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Self

from archiver.app.opening.context import Context
from archiver.app.pulling import summary
from archiver.app.pulling.pull_run import PullRun
from archiver.errors import exit_code_of, message_of
from archiver.notify import metrics
from archiver.notify.ping import Pings
from archiver.notify.run_report import RunCost, RunReport
from archiver.pull import events


@dataclass(slots=True)
class RunNotifier:
    """Tells whoever the settings name, as a run begins and as it ends; it never fails a run.

    It listens to the run's events, too: of one that is stopped they are all there is to tell.
    """

    context: Context
    announce: events.Announce
    _pings: Pings | None = field(init=False)
    _stopped: events.Stopped | None = field(default=None, init=False)
    _ended: PullRun | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._pings = pings_of(self.context)

    def __enter__(self) -> Self:
        return self

    def began(self) -> None:
        """Say that the run begins. Once inside: who asks it to stop meanwhile is told, too."""
        if self._pings is not None:
            self._pings.start()

    def __call__(self, event: events.Event) -> None:
        """Hear one event, and pass it on."""
        if isinstance(event, events.Stopped):
            self._stopped = event
        self.announce(event)

    def ended(self, run: PullRun) -> None:
        """Note what the run came to."""
        self._ended = run

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        told = self._told(error)
        self._write(told)
        if self._pings is not None:
            silent = summary.silence(self._ended.status) if self._ended else ()
            body = [told.line, *silent, *([f"Head: {told.head}"] if told.head else [])]
            self._pings.end(told.code, "".join(f"{each}\n" for each in body))

    def _told(self, error: BaseException | None) -> RunReport:
        now = datetime.now(UTC)
        if error is not None or self._ended is None:
            error = error or AssertionError("a run ends with a result or an error")
            code, line = exit_code_of(error), message_of(error)
            if self._stopped is None:
                return RunReport(now, code, line)
            outcomes = {kind.value: count for kind, count in self._stopped.outcomes.items()}
            return RunReport(now, code, line, str(self._stopped.head), outcomes=outcomes)
        result, state, totals = self._ended.result, self._ended.status, self._ended.result.totals
        return RunReport(
            ended=now,
            code=self._ended.code,
            line=summary.line(result),
            head=str(result.head),
            archive=state.archive,
            outcomes={kind.value: count for kind, count in totals.outcomes.items()},
            new_findings=totals.new_findings,
            open_findings=result.open_by_kind,
            unsettled_since=state.unsettled_since,
            silent_days=state.silent_days,
            silence_alarm=state.alarm,
            backlog_recordings=totals.lag.now.recordings if totals.lag else None,
            backlog_days=totals.lag.now.days if totals.lag else None,
            cost=RunCost(totals.bytes, totals.refreshed, result.requests, result.retries),
        )

    def _write(self, told: RunReport) -> None:
        path = self.context.settings.notify.metrics
        if path is None:
            return
        account = self.context.account
        labels = {"account": account} if account else {}
        try:
            metrics.write(path, metrics.render(told, metrics.read(path), labels))
        except OSError as error:
            why = f"The metrics file {path} can't be written: {error.strerror}."
            self.context.listener.say(why, "not_told")


def pings_of(context: Context) -> Pings | None:
    """Return what pings the check that the settings name, if they name one."""
    url = context.settings.notify.ping_url
    if url is None:
        return None
    proxy = context.proxy(url.reveal())
    ca_bundle = context.settings.network.ca_bundle
    warn = partial(context.listener.say, event="not_told")
    return Pings(url, warn, proxy=proxy, ca_bundle=ca_bundle)
