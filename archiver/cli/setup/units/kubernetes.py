"""A Kubernetes CronJob (batch/v1), as JSON. Pure.

JSON is YAML that ``kubectl`` takes, any name is safe in it, and nothing is needed to write it.
Settings file and token come from one Secret, so that nothing of them is shown here. The archive's
folder, or what a bucket's run keeps beside it, is a volume that must be there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archiver.app.setup.schedule import Job
from archiver.cli.setup.units.refusal import refuse
from archiver.config.token import VARIABLE
from archiver.errors import ExitCode
from archiver.json_documents import dumps

NAME = "archiver"
SETTINGS = Path("/etc/archiver")
SETTINGS_KEY = "archiver.toml"
STATE = "/var/lib/archiver"
USER = 10_001
"""Any number but root's: the files of the volume are this user's."""
CATCH_UP_S = 6 * 3600
TRIES = 3
WORTH_A_TRY = (ExitCode.STOPPED, ExitCode.LOCKED, ExitCode.INTERRUPTED)
"""What another pod may do better; after any other end it would find the same."""


def manifest(jobs: Sequence[Job], image: str) -> str:
    """Return the CronJob as JSON; of several, a list of them as kubectl takes it.

    Raises :class:`UsageError` for a folder with a colon, and for an account that it can't be named
    after.
    """
    documents = [_cron_job(job, image) for job in jobs]
    several = {"apiVersion": "v1", "kind": "List", "items": documents}
    return dumps(documents[0] if len(documents) == 1 else several, indent=2).decode()


def _cron_job(job: Job, image: str) -> dict[str, Any]:
    refuse(job.name, "_", "the name of a CronJob")
    hour, minute = job.begins
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": job.name},
        "spec": {
            "schedule": f"{minute} {hour} * * *",
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": CATCH_UP_S,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 7,
            "jobTemplate": {"spec": _job(job, image)},
        },
    }


def _job(job: Job, image: str) -> dict[str, Any]:
    codes = {"containerName": NAME, "operator": "NotIn", "values": [*map(int, WORTH_A_TRY)]}
    return {
        "backoffLimit": TRIES,
        "podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": codes}]},
        "template": {"spec": _pod(job, image)},
    }


def _pod(job: Job, image: str) -> dict[str, Any]:
    settings = {"secretName": job.name, "items": [{"key": SETTINGS_KEY, "path": SETTINGS_KEY}]}
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        # A service called archiver would otherwise set ARCHIVER_* variables.
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(job, image)],
        "volumes": [
            {"name": "settings", "secret": settings},
            {"name": "data", "persistentVolumeClaim": {"claimName": job.name}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }


def _container(job: Job, image: str) -> dict[str, Any]:
    place = job.folder or STATE
    refuse(place, ":", "the path of a volume")
    token = {"name": VARIABLE, "valueFrom": {"secretKeyRef": {"name": job.name, "key": "token"}}}
    state = [] if job.folder else [{"name": "XDG_STATE_HOME", "value": STATE}]
    return {
        "name": NAME,
        "image": image,
        "command": [NAME],
        "args": [_literal(word) for word in job.pull(SETTINGS / SETTINGS_KEY)],
        "env": [token, *state],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "settings", "mountPath": str(SETTINGS), "readOnly": True},
            {"name": "data", "mountPath": place},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  # the pod's own
        ],
    }


def _literal(word: str) -> str:
    """Return an argument in which Kubernetes finds no ``$(VARIABLE)``."""
    return word.replace("$", "$$")
