"""Every lie that is told, by its name."""

from tests.lies import clocks, disk, listing, media, moments
from tests.lies.trick import TRICKS, Trick

__all__ = ["TRICKS", "Trick", "clocks", "disk", "listing", "media", "moments"]
