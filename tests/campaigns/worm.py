"""What is locked for good in a bucket: its very versions can't be deleted, by the owner either.

On a server that locks, a pull is held to what it claims. On one that only pretends to (a stand-in,
which takes locks and echoes them, and keeps none) it must claim nothing and store nothing.
"""

from collections import Counter
from functools import partial
from pathlib import Path

from archiver.sandbox import Sandbox
from archiver.sandbox.media.presigned import REGION
from tests.campaigns.report import Report
from tests.pulls import DAY_OPTIONS, portal
from tests.s3 import account
from tests.s3.faults import Faults
from tests.s3.guard import Guard
from tests.s3.machines import Machine
from tests.s3servers.archive import BucketArchive, Version, doubled, versions
from tests.s3servers.question import outcome
from tests.s3servers.server import S3, Endpoint

FOR_GOOD = ("--lock", "compliance", "--retain", "30y", "--confirm-compliance")
"""Counted from the sandbox's calls, which are years old: a short time would be over."""
OPTIONS = (*DAY_OPTIONS, *FOR_GOOD)
LOCKED = {"recordings", "manifests"}
REFUSED, DELETED, THERE, GONE = "403 AccessDenied", "204", "200", "404"
RECORDINGS, WRONG = 24, 2
FINDINGS, UNUSABLE = 3, 2
"""Exit codes: recordings in quarantine are findings, a bucket that can't lock is unusable."""


def campaign(endpoint: Endpoint, folder: Path, report: Report) -> None:
    """Lock on a real server, and on one that pretends."""
    with portal(RECORDINGS, wrong=WRONG) as sandbox:
        home = folder / "real"
        real = BucketArchive.empty(sandbox, home, endpoint, locked=True, options=OPTIONS)
        _locked(real, report)
        _pretended(sandbox, folder / "pretending", report)


def _locked(archive: BucketArchive, report: Report) -> None:
    ended = archive.pull()
    if ended.code != FINDINGS or not archive.verified().is_clean:
        report.bad.append(f"the pull that locks ended with {ended.code}: {ended.err}")
    found = archive.versions()
    if doubled(found):
        report.bad.append(f"versions that were stored twice and locked: {doubled(found)}")
    client = archive.endpoint.client()
    deleting = Counter((_kind(each), _delete(client, archive.bucket, each)) for each in found)
    for (kind, answers), count in sorted(deleting.items()):
        report.figures[f"delete of a version, {kind}: {answers}"] = count
        is_locked = kind.partition(",")[0] in LOCKED
        wanted = f"{REFUSED}, then {THERE}" if is_locked else f"{DELETED}, then {GONE}"
        if answers != wanted:
            report.bad.append(f"{count} of {kind}: {answers}, not {wanted}")
    kinds = {kind for kind, _ in deleting}
    if len(kinds) != 2 * len(("recordings", "quarantine")) + len(("manifests", "ARCHIVE.json")):
        report.bad.append(f"there is not something of every kind: {sorted(kinds)}")


def _kind(version: Version) -> str:
    """Return what a version is of: ``recordings, mp3``."""
    name = version.key.removeprefix("portal/")
    top, _, rest = name.partition("/")
    return f"{top}, {rest.rpartition('.')[2]}" if rest else top


def _delete(client: S3, bucket: str, version: Version) -> str:
    """Delete a version, whatever right is needed; return the answer, and HEAD's after it."""
    where = {"Bucket": bucket, "Key": version.key, "VersionId": version.id}
    deleted = outcome(partial(client.delete_object, **where, BypassGovernanceRetention=True))
    return f"{deleted}, then {outcome(partial(client.head_object, **where))}"


def _pretended(sandbox: Sandbox, home: Path, report: Report) -> None:
    with Guard() as guard:
        client = account.client(guard.endpoint)
        client.create_bucket(
            Bucket="pretending",
            CreateBucketConfiguration={"LocationConstraint": REGION},
            ObjectLockEnabledForBucket=True,
        )
        guard.faults = Faults(locks="echoed")
        machine = Machine(sandbox, guard, "pretending", home)
        ended = machine.end(machine.start("pull", *OPTIONS))
        guard.faults = Faults()
        stored = versions(client, "pretending")
    report.figures |= {
        "exit code where locks are only echoed": ended.code,
        "objects stored there": len(stored),
    }
    if ended.code != UNUSABLE or stored or "can't lock what is stored" not in ended.err:
        report.bad.append(f"a server that pretends: {ended.code}, {ended.err}, {stored}")
