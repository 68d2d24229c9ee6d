"""What runs on a worker of a cluster: it opens the archive for a run, and does batches of it."""

import threading

from archiver.app.workers.cluster.audit_place import AuditPlace
from archiver.app.workers.cluster.batches import (
    AuditOpening,
    Batch,
    Came,
    ClusterOpening,
    PullOpening,
)
from archiver.app.workers.cluster.place import Place
from archiver.app.workers.cluster.pull_place import PullPlace
from archiver.errors import message_of


def open_for(opening: ClusterOpening) -> str:
    """Open the archive for a run; return why this worker can't work there, empty where it can."""
    try:
        place = _place(opening)
    except Exception as error:  # noqa: BLE001 - a cluster would log what is raised, and go on
        return message_of(error)
    with _guard:
        _places[opening.run] = place
    return ""


def do(batch: Batch) -> Came | None:
    """Do a batch; ``None`` where the archive was not opened for its run in this process."""
    with _guard:
        place = _places.get(batch.run)
    return place.do(batch) if place else None


def wind_up(run: str) -> None:
    """Let every wait and transfer of a run end now."""
    with _guard:
        place = _places.get(run)
    if place:
        place.stopping.set()


def close(run: str) -> tuple[str, ...]:
    """End what was opened for a run; return what its store has to say after all of it."""
    with _guard:
        place = _places.pop(run, None)
    return place.close() if place else ()


def _place(opening: ClusterOpening) -> Place:
    match opening:
        case PullOpening():
            return PullPlace(opening)
        case AuditOpening():
            return AuditPlace(opening)
        case other:
            raise TypeError(f"no opening: {type(other).__name__}")


_places: dict[str, Place] = {}
_guard = threading.Lock()
