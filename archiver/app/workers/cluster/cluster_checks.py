"""Checking files on the workers of a cluster: they say what is fine, and nothing else.

Whatever a worker finds wrong, and what no worker came to the end of, is checked by this process:
the verdict is what it would be on one machine, whatever became of the others.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future

from archiver.app.opening.listener import Listener
from archiver.app.workers import messages
from archiver.app.workers.answering import raised
from archiver.app.workers.cluster.batches import CheckedFiles, HandedFiles
from archiver.app.workers.cluster.cluster_pool import ClusterPool
from archiver.check.expected_files import ExpectedFile
from archiver.check.file_check import Checked, FileLayers, shares
from archiver.domain.quantities import counted

MOST_FILES, MOST_BYTES = 32, 64_000_000
"""So much is handed out at once: a fraction of a second of work, or one long recording."""
AHEAD = 256
"""So many times that may be handed out, or wait for those before: enough for as many threads."""
TRIES = 3
"""So many workers may be lost over the same files."""


class ClusterChecks:
    """Checks files by a ``pool`` of workers, and by ``check`` what they don't find fine."""

    def __init__(
        self, pool: ClusterPool, check: Callable[[ExpectedFile], FileLayers], listener: Listener
    ) -> None:
        self._pool = pool
        self._check = check
        self._listener = listener

    def __call__(self, files: Iterable[ExpectedFile]) -> Iterator[Checked]:
        """Yield each file with how it fared, in order; raises what ends the whole run."""
        coming: deque[tuple[HandedFiles, Future[object]]] = deque()
        for some in map(HandedFiles, shares(files, MOST_FILES, MOST_BYTES)):
            coming.append((some, self._pool.submit(some)))
            if len(coming) > AHEAD:
                yield from self._checked(*coming.popleft())
        while coming:
            yield from self._checked(*coming.popleft())

    def _checked(self, some: HandedFiles, coming: Future[object]) -> Iterator[Checked]:
        results: tuple[FileLayers | None, ...]
        match self._came(some, coming):
            case CheckedFiles(found):
                results = found
            case None:
                results = (None,) * len(some.files)
            case messages.Failed() as told:
                raise raised(told)
            case other:
                raise AssertionError(f"no answer about files: {type(other).__name__}")
        again = 0
        for each, result in zip(some.files, results, strict=True):
            if result is not None and _is_fine(each, result):
                yield each, result
                continue
            here = self._check(each)
            again += result is not None and _is_fine(each, here)
            yield each, here
        if again:
            self._say(again)

    def _came(self, some: HandedFiles, coming: Future[object]) -> object:
        """Return what a worker found, ``None`` where each that tried was lost over it."""
        for _ in range(TRIES - 1):
            if (came := coming.result()) is not None:
                return came
            coming = self._pool.submit(some, alone=True)
        return coming.result()

    def _say(self, count: int) -> None:
        files = counted(count, "file is", "files are")
        self._listener.say(
            f"{files} as archived, read here, and a worker could not read or find it: see that all "
            "workers may read the archive.",
            "noticed",
        )


def _is_fine(each: ExpectedFile, found: FileLayers) -> bool:
    """Whether that is an answer about what is listed of this very file, and nothing is wrong."""
    return found.item in each.versions and found.result.kind == "ok" and not found.foreign
