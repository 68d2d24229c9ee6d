"""What can go wrong at a bucket, to be switched on and changed while the guard runs.

>>> from tests.s3.refusals import SLOW_DOWN
>>> slow = Troubled(SLOW_DOWN, times=2, operations=frozenset({"PutObject"}))
>>> Faults(troubles=(slow,), versions_hidden=True).create_only
'kept'
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from archiver.sandbox import Trouble
from archiver.sandbox.media.presigned import Denial


class Loss(StrEnum):
    """What can happen to a request on its way."""

    UNHEARD = "unheard"
    """The connection is reset, and nothing was done."""
    UNANSWERED = "unanswered"
    """Everything was done, and the connection is reset in place of the answer."""
    DAMAGED = "damaged"
    """One bit of the body is flipped, and no hash of the whole payload was signed, as over TLS."""


class Troubled(Struct, frozen=True):
    """A trouble and whom it strikes.

    A ``Denial`` is answered in place of doing anything, a ``Trouble`` is what becomes of a good
    answer. The first ``times`` requests (all, when ``None``) for one of ``operations`` (any, when
    ``None``), with ``part`` in their path, meet it.
    """

    trouble: Denial | Loss | Trouble
    times: int | None = None
    operations: frozenset[str] | None = None
    part: str = ""


class Faults(Struct, frozen=True):
    """Every switch, off. Counts are of what happens from the moment they are switched on."""

    troubles: tuple[Troubled, ...] = ()
    """The first that strikes a request is the one it meets."""
    create_only: Literal["kept", "late", "unversioned", "ignored"] = "kept"
    """Where If-None-Match is honoured: everywhere; in buckets with versions only against what was
    there before (Ceph 20 lets all through that come at once); only in buckets without versions
    (Ceph 16); nowhere."""
    rush: str = ""
    """With ``late``: PUTs with this in their path wait a moment for a rival to meet."""
    checksums: Literal["kept", "forgotten", "unchecked"] = "kept"
    """Not stored nor returned, or stored as claimed without a look at the body."""
    locks: Literal["kept", "ignored", "echoed"] = "kept"
    """Locks are accepted and forgotten, or so and yet shown by HeadObject and GetObject."""
    refused: tuple[tuple[str, Denial], ...] = ()
    """What is answered to each PUT of an object that has a header which begins so."""
    owners_ignored: bool = False
    """Whatever owner is expected, the bucket is theirs."""
    versions_hidden: bool = False
    """No bucket says that it has versions, and no answer names one."""
