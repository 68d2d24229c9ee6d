"""What a program can call: each command's work as a typed function, without a command line.

>>> from archiver.api import PullRequest, load, pull

``load`` finds the settings where the commands do; a request says what is wanted, and what comes
back has the exit code that the command would end with. Nothing is printed. What goes wrong is an
:class:`ArchiverError` with words for a person (``message``, ``advice``) and an ``exit_code``.
``docs/api.md`` has examples. The packages beside this module bear the names of the work, so it is
they that ``archiver.pull`` and ``archiver.get`` mean.
"""

from archiver.app.accept import Acceptance, AcceptRequest, accept
from archiver.app.doctor import examine
from archiver.app.opening.context import Context, load, load_each
from archiver.app.opening.listener import Listener
from archiver.app.opening.windows import WindowRequest
from archiver.app.pull import PullRequest, PullRun, pull
from archiver.app.pulling.estimate import Estimate, estimate
from archiver.app.reconcile import ReconcileRequest, Reconciliation, reconcile_calls
from archiver.app.repair import RepairRequest, RepairResult, repair
from archiver.app.verify import Verification, VerifyRequest, verify
from archiver.check.acceptance import Selection
from archiver.errors import ArchiverError, ExitCode

__all__ = [
    "AcceptRequest",
    "Acceptance",
    "ArchiverError",
    "Context",
    "Estimate",
    "ExitCode",
    "Listener",
    "PullRequest",
    "PullRun",
    "ReconcileRequest",
    "Reconciliation",
    "RepairRequest",
    "RepairResult",
    "Selection",
    "Verification",
    "VerifyRequest",
    "WindowRequest",
    "accept",
    "estimate",
    "examine",
    "load",
    "load_each",
    "pull",
    "reconcile_calls",
    "repair",
    "verify",
]
