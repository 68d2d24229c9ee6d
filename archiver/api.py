"""What a program can call: each command's work as a typed function, without a command line.

>>> from archiver import PullRequest, SettingsRequest, load, pull

``load`` finds the settings where the commands do; a request says what is wanted, and what comes
back has the exit code that the command would end with. Nothing is printed. What goes wrong is an
:class:`ArchiverError` with words for a person (``message``, ``advice``) and an ``exit_code``.
``docs/api.md`` has examples.

The package gives all of it by name. The rooms ``pull``, ``get`` and ``doctor`` bear the names of
functions here; so these are bound last, when the rooms are loaded and can take no name back.
"""

import archiver
from archiver.app.check.accept import Acceptance, AcceptRequest, accept
from archiver.app.check.copy_ import CopyRequest, CopyResult, copy_archive
from archiver.app.check.probe import Probed, ProbeRequest, probe
from archiver.app.check.reconcile import ReconcileRequest, reconcile
from archiver.app.check.repair import RepairRequest, RepairResult, repair
from archiver.app.check.verify import Verification, VerifyRequest, verify
from archiver.app.download.get import GetRequest, GetResult, get
from archiver.app.download.list_ import (
    ListedSlice,
    ListRequest,
    ListResult,
    OddRow,
    list_recordings,
)
from archiver.app.download.pull import PullRequest, pull
from archiver.app.exporting.export_request import ExportRequest
from archiver.app.handover.export import ExportedPart, ExportResult, export
from archiver.app.handover.find import FindRequest, FindResult, find
from archiver.app.handover.report import ReportRequest, ReportResult, report
from archiver.app.handover.status import StatusRequest, StatusResult, status
from archiver.app.keeping.dispose import (
    DisposeRequest,
    DisposeResult,
    PlanDisposalRequest,
    PlannedDisposals,
    dispose,
    plan_disposal,
)
from archiver.app.keeping.erase import (
    ErasePlan,
    EraseRequest,
    EraseResult,
    UndoRequest,
    UndoResult,
    erase,
    undo_erasure,
)
from archiver.app.keeping.hold import HoldPlan, HoldRequest, HoldResult, add_hold
from archiver.app.keeping.list_holds import HoldsRequest, HoldsResult, ShownHold, list_holds
from archiver.app.keeping.release import ReleasePlan, ReleaseRequest, ReleaseResult, release_hold
from archiver.app.opening.context import Context, SettingsRequest, load, load_each
from archiver.app.opening.filtering import MayBeMissing
from archiver.app.opening.listener import Listener
from archiver.app.opening.windows import WindowRequest
from archiver.app.pulling.estimate import Estimate, estimate
from archiver.app.pulling.pull_run import PullRun
from archiver.app.reconciling.reconciliation_result import Reconciliation
from archiver.app.setup.config import (
    SettingsCheck,
    SettingsDraft,
    ShownSetting,
    check_settings,
    settings_in_force,
    write_settings,
)
from archiver.app.setup.doctor import doctor
from archiver.app.setup.schedule import Job, Schedule, ScheduleRequest, schedule
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.check.acceptance import Selection
from archiver.concurrency.stop import Cancelled, StopToken
from archiver.domain.checks import Check
from archiver.domain.export_form import ExportForm
from archiver.domain.recordings import Report
from archiver.errors import ArchiverError, ExitCode
from archiver.filters.request import FilterRequest
from archiver.get.output_files import Target
from archiver.manifest.records.files import Head

__all__ = [
    "AcceptRequest",
    "Acceptance",
    "ArchiverError",
    "Cancelled",
    "Check",
    "Context",
    "CopyRequest",
    "CopyResult",
    "DisposeRequest",
    "DisposeResult",
    "ErasePlan",
    "EraseRequest",
    "EraseResult",
    "Estimate",
    "ExitCode",
    "ExportForm",
    "ExportRequest",
    "ExportResult",
    "ExportedPart",
    "FilterRequest",
    "FindRequest",
    "FindResult",
    "FoundRow",
    "GetRequest",
    "GetResult",
    "Head",
    "HoldPlan",
    "HoldRequest",
    "HoldResult",
    "HoldsRequest",
    "HoldsResult",
    "Job",
    "ListRequest",
    "ListResult",
    "ListedSlice",
    "Listener",
    "MayBeMissing",
    "OddRow",
    "PlanDisposalRequest",
    "PlannedDisposals",
    "ProbeRequest",
    "Probed",
    "PullRequest",
    "PullRun",
    "ReconcileRequest",
    "Reconciliation",
    "ReleasePlan",
    "ReleaseRequest",
    "ReleaseResult",
    "RepairRequest",
    "RepairResult",
    "Report",
    "ReportRequest",
    "ReportResult",
    "Schedule",
    "ScheduleRequest",
    "Selection",
    "SettingsCheck",
    "SettingsDraft",
    "SettingsRequest",
    "ShownHold",
    "ShownSetting",
    "StatusRequest",
    "StatusResult",
    "StopToken",
    "Target",
    "UndoRequest",
    "UndoResult",
    "Verification",
    "VerifyRequest",
    "WindowRequest",
    "accept",
    "add_hold",
    "check_settings",
    "copy_archive",
    "dispose",
    "doctor",
    "erase",
    "estimate",
    "export",
    "find",
    "get",
    "list_holds",
    "list_recordings",
    "load",
    "load_each",
    "plan_disposal",
    "probe",
    "pull",
    "reconcile",
    "release_hold",
    "repair",
    "report",
    "schedule",
    "settings_in_force",
    "status",
    "undo_erasure",
    "verify",
    "write_settings",
]

vars(archiver).update({name: globals()[name] for name in __all__})
