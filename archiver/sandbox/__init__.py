"""A small working portal with its own signed links, and faults to switch on.

It is its own world: it imports nothing of the rest of the product, so that it can contradict it.
``Sandbox`` serves a ``World`` over loopback; scripts of any language can be tried on it.

>>> from datetime import datetime, timezone
>>> from archiver.sandbox import Sandbox, World
>>> world = World(seed=1)
>>> day = datetime(2019, 6, 11, tzinfo=timezone.utc)
>>> added = world.add(count=3, first=day, last=day.replace(hour=23))
>>> with Sandbox(world, token="sandbox-token") as sandbox:
...     sandbox.endpoint.startswith("http://127.0.0.1:")
True
"""

from archiver.sandbox.faults import (
    ClockFaults,
    Faults,
    FilterFaults,
    ListingFaults,
    PageFaults,
    Passing,
    Trouble,
    Troubled,
)
from archiver.sandbox.server import Sandbox
from archiver.sandbox.world.tones import Encoding, Tone
from archiver.sandbox.world.world import Call, Recording, World

__all__ = [
    "Call",
    "ClockFaults",
    "Encoding",
    "Faults",
    "FilterFaults",
    "ListingFaults",
    "PageFaults",
    "Passing",
    "Recording",
    "Sandbox",
    "Tone",
    "Trouble",
    "Troubled",
    "World",
]
