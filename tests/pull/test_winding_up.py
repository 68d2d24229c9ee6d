"""What comes home while a run winds up: what came of jobs, and what was cut off."""

from unittest import mock

from archiver.concurrency.stop import StopToken
from archiver.domain.outcomes import Outcome
from archiver.pull.budget.run_budget import RunBudget
from archiver.pull.dispatch import Dispatch
from archiver.pull.events import Settled
from archiver.pull.job.done import Done
from archiver.pull.run_context import RunContext
from tests.archives import entry
from tests.conftest import Figure


def test_what_fails_once_a_run_winds_up_is_not_entered(figure: Figure) -> None:
    """A machine that shuts down may take its network away first."""
    stopping, announced, entered = StopToken(), mock.Mock(), mock.Mock()
    entered.settle = lambda done, _known: (done.entry, True)
    run = RunContext(
        client=mock.Mock(),
        session=mock.Mock(),
        archive=mock.Mock(),
        ledger=entered,
        stopping=stopping,
        stop_requested=stopping.is_set,
        announce=announced,
    )
    dispatch = Dispatch(run, mock.Mock(), mock.Mock(), mock.Mock(), RunBudget())
    outcomes = (Outcome.FAILED, Outcome.GONE, Outcome.NO_AUDIO)

    def settled() -> list[Outcome]:
        announced.reset_mock()
        dispatch.settle((Done(entry(str(outcome), outcome)), None) for outcome in outcomes)
        events = [call.args[0] for call in announced.call_args_list]
        return [event.entry.outcome for event in events if isinstance(event, Settled)]

    assert settled() == [*outcomes]
    stopping.set()
    assert settled() == [*outcomes[1:]]
    figure("D7", f"of {len(outcomes)} outcomes while a run winds up, its failure is not entered")
