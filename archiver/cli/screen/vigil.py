"""Whatever takes longer than two seconds says what it waits for, and then once a minute.

with vigil.over("reading the manifests", lambda: f"{count} so far"):
    ...
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import click
from click.globals import push_context

from archiver.cli.screen.console import emit
from archiver.domain.quantities import human_duration

FIRST_S, THEN_S, LOOK_S = 2.0, 60.0, 0.5
LEAVE_S = 1.0
"""Its thread is not waited for any longer: it may be telling somebody who does not read."""
_VIGIL = "archiver.vigil"
Detail = Callable[[], str]


def nothing() -> str:
    """Return no detail."""
    return ""


@dataclass(slots=True)
class Vigil:
    """Tells of what has lasted long; what is called the same is told of once, whoever waits.

    ``tell`` gets a line without a full stop; ``clock`` is monotonic seconds. Any thread may wait.
    """

    tell: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _since: dict[object, tuple[float, str, Detail]] = field(default_factory=dict, init=False)
    _others: list[Callable[[], None]] = field(default_factory=list, init=False)
    _due: dict[str, float] = field(default_factory=dict, init=False)
    _ended: threading.Event = field(default_factory=threading.Event, init=False)

    @contextmanager
    def over(self, what: str, detail: Detail = nothing) -> Iterator[None]:
        """Keep watch while the block runs: ``what`` it does, and how far it is."""
        key = object()
        self._since[key] = (self.clock(), what, detail)
        try:
            yield
        finally:
            del self._since[key]

    @contextmanager
    def calling(self, look: Callable[[], None]) -> Iterator[None]:
        """Whenever the vigil looks, let something else look as well, while the block runs."""
        self._others.append(look)
        try:
            yield
        finally:
            self._others.remove(look)

    def look(self) -> None:
        """Tell of what has lasted long and was not told of in the last minute."""
        for other in tuple(self._others):
            other()
        now, waits = self.clock(), [*self._since.values()]
        for began, what, detail in sorted(waits, key=lambda each: each[0]):
            if now < max(began + FIRST_S, self._due.get(what, 0)):
                continue
            self._due[what] = now + THEN_S
            how_long = human_duration(round((now - began) * 1000))
            self.tell(": ".join(filter(None, (f"{what}, for {how_long} by now", detail()))))

    def begin(self, context: click.Context) -> None:
        """Keep looking, on a thread of its own, until the command of this context ends."""
        looking = threading.Thread(
            target=self._keep_looking, args=(context,), name="vigil", daemon=True
        )

        def end() -> None:
            self._ended.set()
            looking.join(LEAVE_S)

        context.call_on_close(end)
        looking.start()

    def _keep_looking(self, context: click.Context) -> None:
        """Look now and then, and speak as the command does, without holding its context open."""
        push_context(context)
        while not self._ended.wait(LOOK_S):
            self.look()


def of_command() -> Vigil:
    """Return the vigil of the command of this moment: a silent one where that is to be quiet."""
    context = click.get_current_context(silent=True)
    if context is None:
        return Vigil(_keep_silent)
    kept = context.meta.get(_VIGIL)
    if isinstance(kept, Vigil):
        return kept
    vigil = Vigil(_keep_silent if context.params.get("quiet") else _tell)
    context.meta[_VIGIL] = vigil
    vigil.begin(context)
    return vigil


def over(what: str, detail: Detail = nothing) -> AbstractContextManager[None]:
    """Keep watch over what the command of this moment does."""
    return of_command().over(what, detail)


def _keep_silent(_line: str) -> None:
    """Say nothing: it was asked for."""


def _tell(line: str) -> None:
    emit(line[0].upper() + line[1:], "waiting")
