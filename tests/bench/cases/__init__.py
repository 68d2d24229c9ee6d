"""The cases of ``make bench``, one idea a file.

A new one is a file with a ``CASE``, a line in :data:`CASES`, and a place on docs/performance.md
between comments of its name.
"""

from tests.bench.case import Case
from tests.bench.cases import (
    bucket,
    bulk,
    cluster,
    distance,
    growth,
    judging,
    nothing_new,
    profile,
    reading,
    starting,
)

CASES: tuple[Case, ...] = (
    bulk.CASE,
    reading.CASE,
    judging.CASE,
    starting.CASE,
    distance.CASE,
    nothing_new.CASE,
    bucket.CASE,
    cluster.CASE,
    growth.CASE,
    profile.CASE,
)
