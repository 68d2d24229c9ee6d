"""Where a process spends the processor's time: its threads, looked at many times a second.

What a thread has used of the processor since the last look goes to the stage that it is in: the
innermost of archiver's rooms on its stack that is a stage of the work, whatever libraries it calls.
So what waits costs nothing, and what a thread does without the interpreter's lock counts, too.
"""

import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Self

import archiver

EVERY_S = 0.002
SWITCH_S = 0.000_5
"""A thread that computes gives way this soon: it is seen where it is, not where it waits."""
PRODUCT = str(Path(archiver.__file__).parent)
IMPORTS = "starting: imports"
ELSEWHERE = "the interpreter, and all else"
STAGES = {
    "portal": "listing: asking, reading and proving pages",
    "listing": "listing: asking, reading and proving pages",
    "media": "downloading: connections, bytes, part files",
    "audio": "judging: walking every frame",
    "store": "storing: names, syncs, reading back",
    "manifest": "sidecars and manifests",
    "catalog": "catalog",
    "pull": "the run: planning, handing out, counting",
    "app": "the run: planning, handing out, counting",
    "config": "starting: settings and options",
    "cli": "starting: settings and options",
}
_PER_THREAD_SCHEDULED = 6
"""The lowest bits of the clock of one thread's time on the processor (linux/posix-timers.h)."""


def stage_of(frame: FrameType | None) -> str:
    """Return the stage of the work that a stack is in."""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith("<frozen importlib"):
            return IMPORTS
        if path.startswith(PRODUCT):
            room = Path(path[len(PRODUCT) + 1 :]).parts[0]
            if room in STAGES:
                return STAGES[room]
        frame = frame.f_back
    return ELSEWHERE


class Sampler:
    """Looks at all threads of this process while the block runs; ``seconds`` are by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._used: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="sampler")
        self._switch_s = sys.getswitchinterval()

    def __enter__(self) -> Self:
        sys.setswitchinterval(SWITCH_S)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        sys.setswitchinterval(self._switch_s)

    def _look_on(self) -> None:
        while not self._over.wait(EVERY_S):
            self.look()

    def look(self) -> None:
        """Look once."""
        frames = sys._current_frames()  # noqa: SLF001 - the only way to see other threads
        for thread in threading.enumerate():
            if thread is self._thread or thread.native_id is None or thread.ident is None:
                continue
            used = _used_by(thread.native_id)
            if used is None:
                continue
            since = used - self._used.get(thread.native_id, 0.0)
            self._used[thread.native_id] = used
            stage = stage_of(frames.get(thread.ident))
            self.seconds[stage] = self.seconds.get(stage, 0.0) + since


def _used_by(native_id: int) -> float | None:
    """Return what a thread has used of the processor, in seconds; ``None`` when it has ended."""
    try:
        return time.clock_gettime((~native_id << 3) | _PER_THREAD_SCHEDULED)
    except OSError:
        return None
