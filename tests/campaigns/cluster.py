"""Pulling by a Dask cluster whose workers are killed: a scheduler and workers on loopback.

Into a folder that all of them see, and into a bucket of the stand-in. Workers are killed at random
moments, others come, one is slow. What comes of it is held against an archive that one machine has
pulled, and verified by the cluster as by one machine, whole and damaged. At last the scheduler is
killed, in the middle of a pull and of a verification.

    python -m tests.campaigns.cluster --recordings 2000 --kills 3
"""

import importlib.util
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random

from msgspec import Struct, field

from archiver.domain.outcomes import Outcome
from archiver.errors import ExitCode
from archiver.sandbox import Sandbox
from archiver.sandbox.media.presigned import ACCESS_KEY, REGION, SECRET_KEY
from tests.campaigns.machines import Machines
from tests.campaigns.report import Report, finish, parser
from tests.canaries import Search
from tests.programs import Running
from tests.pulls import DAY_OPTIONS, GLANCE_S, Archive, Ended, State, portal, wait
from tests.s3.account import ENVIRONMENT, client
from tests.s3.guard import Guard
from tests.s3servers.archive import BucketArchive
from tests.s3servers.server import S3, Endpoint

MISSING = "Dask is not installed: make test-cluster INSTALL=1"
WORKERS = 3
SLOW_S = 0.5
TRACEBACK = "Traceback"
ENDS = {ExitCode.CLEAN, ExitCode.FINDINGS}


class StandIn(Endpoint, frozen=True):
    """The stand-in of ``tests/s3`` (moto), as a server that archives are pulled into."""

    def client(self, keys: tuple[str, str] | None = None) -> S3:
        """Return the account's client."""
        return client(self.url, *(keys or self.keys)[1:])

    def account(self) -> dict[str, str]:
        """Return the account's variables."""
        return dict(ENVIRONMENT)

    def bucket(self, *, versioned: bool = False, locked: bool = False) -> str:
        """Make a new bucket in the stand-in's region; it keeps versions where it locks."""
        assert not versioned
        name, here = f"bucket-{next(self._numbers)}", {"LocationConstraint": REGION}
        self.client().create_bucket(
            Bucket=name, CreateBucketConfiguration=here, ObjectLockEnabledForBucket=locked
        )
        return name


class Figures(Struct):
    """What a campaign came to. ``bad`` must stay empty."""

    recordings: int
    kills: int = 0
    pulls: int = 0
    verified: int = 0
    damaged: int = 0
    unverified: int = 0
    entered: int = 0
    failed: int = 0
    fetched_again: int = 0
    searched: int = 0
    bad: list[str] = field(default_factory=list)

    def report(self) -> Report:
        """Return the figures for the page."""
        report = Report("test-cluster", bad=self.bad)
        report.figures = {
            "recordings a pull": self.recordings,
            "workers killed at a random moment, and replaced": self.kills,
            "pulls by a cluster, into a folder and a bucket": self.pulls,
            "verifications by a cluster, a worker killed in each": self.verified,
            "of these of a damaged archive: each damage named": self.damaged,
            "verifications that a scheduler's end left without a verdict": self.unverified,
            "recordings that failed for it, and were archived by the next pull": self.failed,
            "recordings entered by a pull that a scheduler's end stopped": self.entered,
            "held recordings fetched again": self.fetched_again,
            "bytes of logs and tasks of Dask searched for secrets and numbers": self.searched,
        }
        report.must_be_none("held recordings fetched again")
        return report


def is_installed() -> bool:
    """Whether the extra is there."""
    return importlib.util.find_spec("distributed") is not None


def campaign(recordings: int, kills: int, folder: Path, seed: int) -> Figures:
    """Pull into a folder and into a bucket, ``kills`` workers killed in each."""
    figures, random = Figures(recordings), Random(seed)
    wrong, gone = recordings // 20, recordings // 50
    with portal(recordings, gone=gone, wrong=wrong) as sandbox, Guard() as guard:
        alone = Archive(sandbox, folder / "alone")
        code, states = alone.pull().code, alone.states()
        endpoint = StandIn("stand-in", guard.endpoint, (ACCESS_KEY, SECRET_KEY), "")
        for archive in (
            Archive(sandbox, folder / "shared"),
            BucketArchive.empty(sandbox, folder / "bucket", endpoint),
        ):
            with Machines(folder / f"machines-{figures.pulls}", _account(archive)) as machines:
                machines.add(WORKERS - 1)
                machines.add_slow(SLOW_S)
                _pulled(archive, machines, figures, random, kills)
                _judged(archive, machines, figures, states, code)
                _verified(archive, machines, figures, random)
                _search(archive, machines, figures)
                if not figures.unverified:
                    _cut_short(archive, machines, figures)
        _scheduler_killed(sandbox, folder, figures, states, code)
    return figures


def _account(archive: Archive) -> Mapping[str, str]:
    return archive.endpoint.account() if isinstance(archive, BucketArchive) else {}


def _by(archive: Archive, machines: Machines) -> Archive:
    """Let an archive be pulled into by a cluster."""
    archive.options = (*DAY_OPTIONS, "--workers", "48", "--dask", machines.address)
    return archive


def _pulled(
    archive: Archive, machines: Machines, figures: Figures, random: Random, kills: int
) -> None:
    """Pull once, killing workers meanwhile; another comes for each."""
    begun = archive.sandbox.counts["media"]
    with _by(archive, machines).pulling() as process:
        for number in range(kills):
            share = figures.recordings * (number + random.random()) / (kills + 1)
            archive.wait_for_downloads(process, begun + max(1, int(share)))
            figures.kills += machines.kill_one(random)
            machines.add()
        ended = archive.ended(process)
    figures.pulls += 1
    name = archive.folder.name
    if ended.code not in ENDS:
        figures.bad.append(f"{name}: the pull ended with {ended.code}: {ended.err[-300:]}")
    lost = [id_ for id_, state in archive.states().items() if state[0] is Outcome.FAILED]
    if lost and ended.code == ExitCode.CLEAN:
        figures.bad.append(f"{name}: clean, though {len(lost)} failed")
    figures.failed += len(lost)


def _judged(
    archive: Archive,
    machines: Machines,
    figures: Figures,
    states: Mapping[str, State],
    code: int,
) -> None:
    """Let a last pull by the cluster finish it, and hold it against one machine's."""
    name, before, known = archive.folder.name, archive.fetches(), archive.known()
    last = _by(archive, machines).pull()
    if last.code != code:
        figures.bad.append(f"{name}: the next pull ended with {last.code}: {last.err[-300:]}")
    after, now = archive.fetches(), archive.states()
    figures.fetched_again += sum(
        after[id_] > before[id_] for id_, each in known.items() if each.held
    )
    other = [id_ for id_ in states.keys() | now.keys() if now.get(id_) != states.get(id_)]
    figures.bad += [f"{name}: {id_} is not as it should be" for id_ in other]
    figures.bad += [f"{name}: {path.name}: a part file" for path in archive.parts()]


def _verified(archive: Archive, machines: Machines, figures: Figures, random: Random) -> None:
    """Verify by the cluster, a worker killed each time: whole as one machine does, then damaged."""
    name = f"{archive.folder.name}: a verification"
    with archive.running("verify", "--json", "--read") as process:
        alone = archive.ended(process)
    if alone.code != ExitCode.CLEAN:
        figures.bad.append(f"{name} by one machine ended with {alone.code}: {alone.told}")
    whole = _verdict(archive, machines, figures, random)
    if (whole.code, whole.told) != (alone.code, alone.told):
        figures.bad.append(f"{name} differs: {whole.code}, {whole.err[-300:]}")
    planted = _damage(archive)
    damaged = _verdict(archive, machines, figures, random)
    named = {kind: [each["path"] for each in damaged.told.get(kind, ())] for kind in planted}
    if damaged.code != ExitCode.FINDINGS or named != planted:
        figures.bad.append(f"{name} of damage ended with {damaged.code}: {named}")
    figures.damaged += 1


def _verdict(archive: Archive, machines: Machines, figures: Figures, random: Random) -> Ended:
    """Return what a verification by the cluster says, whose worker is killed meanwhile."""
    with verifying(archive, machines) as process:
        figures.kills += machines.kill_one(random)
        machines.add()
        figures.verified += 1
        return archive.ended(process)


def _cut_short(archive: Archive, machines: Machines, figures: Figures) -> None:
    """Kill the scheduler in the middle of a verification: there is no verdict."""
    with verifying(archive, machines) as process:
        machines.scheduler.kill()
        ended = archive.ended(process)
    if ended.code != ExitCode.STOPPED or ended.told or TRACEBACK in ended.err:
        figures.bad.append(f"a verification without a scheduler: {ended.code}, {ended.err[-300:]}")
    figures.unverified += 1


@contextmanager
def verifying(archive: Archive, machines: Machines) -> Iterator[Running]:
    """Start a verification by the cluster, and let the block begin when files are handed out."""
    before = machines.looked()
    with archive.running("verify", "--json", "--read", "--dask", machines.address) as process:
        while process.poll() is None and machines.looked() == before:
            wait(process, GLANCE_S)
        yield process


def _damage(archive: Archive) -> dict[str, list[str]]:
    """Exchange a recording, and delete another one's sidecar; return what is to be said of both."""
    held = [known for known in archive.known().values() if known.held]
    changed, lost = held[0].audio, held[1].sidecar
    assert changed
    assert lost
    if isinstance(archive, BucketArchive):
        client, bucket = archive.endpoint.client(), archive.bucket
        client.put_object(Bucket=bucket, Key=f"portal/{changed.path}", Body=b"other bytes")
        client.delete_object(Bucket=bucket, Key=f"portal/{lost.path}")
    else:
        (archive.folder / changed.path).write_bytes(b"other bytes")
        (archive.folder / lost.path).unlink()
    return {"differ": [changed.path], "missing": [lost.path]}


def _search(archive: Archive, machines: Machines, figures: Figures) -> None:
    """Look for secrets in what was logged."""
    search = Search()
    search.text(f"{archive.folder.name}: what Dask logged or knew", machines.logs())
    figures.searched += search.size
    figures.bad += search.hits


def _scheduler_killed(
    sandbox: Sandbox, folder: Path, figures: Figures, states: Mapping[str, State], code: int
) -> None:
    """Kill the scheduler in the middle of a pull: that ends as a stop does, and the next heals."""
    archive, begun = Archive(sandbox, folder / "cut"), sandbox.counts["media"]
    with Machines(folder / "machines-cut", {}) as machines:
        machines.add(WORKERS)
        with _by(archive, machines).pulling() as process:
            archive.wait_for_downloads(process, begun + figures.recordings // 3)
            machines.scheduler.kill()
            ended = archive.ended(process)
    figures.entered = len(archive.states())
    is_over = figures.entered == len(states)
    if ended.code != ExitCode.STOPPED or is_over or TRACEBACK in ended.err:
        figures.bad.append(f"cut: ended with {ended.code}: {ended.err[-300:]}")
    archive.options = DAY_OPTIONS
    if (last := archive.pull().code) != code or archive.states() != states:
        figures.bad.append(f"cut: the next pull ended with {last}, or not as it should be")


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--kills", type=int, default=3)
    options.add_argument("--recordings", type=int, default=2_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    if not is_installed():
        sys.stdout.write(f"{MISSING}\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        figures = campaign(asked.recordings, asked.kills, Path(folder), asked.seed)
    return finish(figures.report(), record=asked.record)


if __name__ == "__main__":
    sys.exit(main())
