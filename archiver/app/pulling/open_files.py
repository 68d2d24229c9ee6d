"""How many files a run may have open at once, and how many threads that is enough for."""

import resource

FILES_A_WORKER = 8
"""A connection, two part files with a folder each, and on the way to a name two folders and one
file to read back."""
FILES_BESIDE = 16
"""The terminal, the portal, the lock, the catalog and the ids of a long run."""


def workers_for(wanted: int) -> int:
    """Return how many of the ``wanted`` threads can have their files open; at least one.

    The limit of this process (``ulimit -n``) is raised first, as far as that takes and is allowed.
    """
    needed = FILES_BESIDE + wanted * FILES_A_WORKER
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(1, (allowed - FILES_BESIDE) // FILES_A_WORKER)
