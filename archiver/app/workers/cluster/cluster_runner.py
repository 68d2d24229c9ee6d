"""Running the jobs of recordings on the workers of a cluster.

The run lists, asks for links, and writes manifests; workers fetch, judge and store. So the portal
has one client, and the chain one writer. A worker that is gone costs what it had in hand an
attempt, as a worker process does.
"""

from archiver.app.workers import messages
from archiver.app.workers.answering import LinkAnswer, attempted, link_for, raised
from archiver.app.workers.cluster.batches import Handed
from archiver.app.workers.cluster.cluster_pool import ClusterPool
from archiver.pull.job.done import Done
from archiver.pull.job.fetch import LinkSource
from archiver.pull.job.runner import JobRunner
from archiver.pull.job.task import Task

MOST_AT_ONCE = 8
"""So many recordings are handed out at once, at most: their links must not grow old in waiting."""
DIED = "the worker that fetched it is gone, perhaps for want of memory"


class ClusterRunner:
    """Runs jobs on the workers of a ``pool``; what stands is asked about by ``local``."""

    def __init__(self, local: JobRunner, pool: ClusterPool) -> None:
        self._local = local
        self._pool = pool

    def expect(self, count: int) -> None:
        """Do nothing: the workers are there, or come."""

    def run(self, task: Task, links: LinkSource) -> Done:
        """Bring a recording to its outcome; raises only what stops the whole run.

        Where its job needs another link than it was given, it is handed out anew, with all that it
        had and that one. What is known already may have failed before, and ended its worker: it
        travels alone, so that it costs no other recording an attempt.
        """
        if task.work.stands:
            return self._local.run(task, links)
        id_ = task.work.listed.row.id
        answers: tuple[LinkAnswer, ...] = (link_for(messages.LinkWanted(id_), links),)
        while True:
            handed = Handed(task, answers)
            match self._pool.submit(handed, alone=task.work.known is not None).result():
                case Done() as done if done.entry.id == id_:
                    return done
                case messages.LinkWanted() as wanted if wanted.id == id_:
                    answers = (*answers, link_for(wanted, links))
                case messages.Failed() as told:
                    raise raised(told)
                case None:
                    return attempted(task, DIED)
                case other:
                    raise AssertionError(f"no answer to this task: {type(other).__name__}")
