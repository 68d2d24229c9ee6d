"""Ceph's RADOS Gateway, as Debian 12 packages it: one monitor, one disk in a file, one gateway.

No systemd and no root: three processes, with all they keep in one temporary folder. Ceph's own
authentication is on, as it is wherever Ceph is used.
"""

import base64
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct, field

from tests.s3servers.daemon import answers, free_port, running
from tests.s3servers.server import Endpoint

PACKAGES = ("radosgw", "ceph-mon", "ceph-osd", "ceph-common")
PROGRAMS = (
    "radosgw",
    "radosgw-admin",
    "ceph",
    "ceph-mon",
    "ceph-osd",
    "ceph-authtool",
    "monmaptool",
)
DIFFERS = {
    "second create-only PUT, versioned bucket": "200",
    "winners of 12 create-only PUTs at once, versioned bucket": "12",
    "create-only copy to a taken name": "200",
    "PUT with another body's SHA-256": "200",
    "PUT with a SHA-256 that is none": "200",
    "SHA-256 in the reply to PUT": "not told",
    "SHA-256 in HEAD, asked for": "not told",
    "SSE-S3 in HEAD": "not told",
    "storage class in HEAD": "400 InvalidArgument",
    "PUT, another owner expected": "200",
    "HEAD of a bucket, another owner expected": "200",
    "BucketOwnerEnforced of a new bucket": "not told",
}
"""Of 16.2.15."""
CLUSTER = "00000000-0000-4000-8000-000000000001"
KEYS = ("archivetest", "guards-only-a-temporary-folder")
KMS_KEY = "key-1"
COMMAND_S = 90.0
RIGHTS = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *"},
    "client.gateway": {"mon": "allow rw", "osd": "allow rwx"},
    "osd.0": {"mon": "allow profile osd", "osd": "allow *"},
}
SETTINGS = """\
[global]
fsid = {cluster}
mon host = v2:127.0.0.1:{mon_port}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {folder}/keyring
run dir = {folder}
crash dir = {folder}
log file = {folder}/$name.log
admin socket =
pid file =
osd pool default size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
# The gateway makes a dozen pools, one after the other: not a second for each.
paxos propose interval = 0.05
paxos min wait = 0.01
# The machine's disk may be nearly full: hardly anything is stored.
mon data avail crit = 0

[mon]
mon data = {folder}/mon

[osd]
osd data = {folder}/osd
osd objectstore = bluestore
bluestore block size = 4294967296
osd memory target = 939524096

[client.gateway]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw data = {folder}
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = {kms_key}={kms_secret}
"""


class Ceph:
    """Ceph's gateway, if it is installed."""

    name = "Ceph RGW"
    differs = DIFFERS

    @property
    def installing(self) -> tuple[tuple[str, ...], ...]:
        """Debian's packages; what they recommend would be a whole cluster's tools."""
        apt = ("apt-get",) if os.geteuid() == 0 else ("sudo", "apt-get")
        return (
            (*apt, "update"),
            (*apt, "install", "--yes", "--no-install-recommends", *PACKAGES),
        )

    def is_there(self) -> bool:
        """Whether every program is there."""
        return all(map(shutil.which, PROGRAMS))

    @contextmanager
    def running(self) -> Iterator[Endpoint]:
        """Start a cluster; the gateway is stopped before what it writes to."""
        with tempfile.TemporaryDirectory(prefix="ceph-") as home, ExitStack() as stack:
            cluster = _Cluster(Path(home))
            cluster.prepare()
            stack.enter_context(cluster.daemon("ceph-mon", "-i", "a", port=cluster.mon_port))
            cluster.command("ceph", "osd", "new", CLUSTER)
            cluster.command("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", CLUSTER)
            stack.enter_context(cluster.daemon("ceph-osd", "-i", "0"))
            cluster.make_user()
            stack.enter_context(
                cluster.daemon("radosgw", "-n", "client.gateway", port=cluster.port)
            )
            yield Endpoint(
                f"{self.name} {cluster.version()}",
                f"http://127.0.0.1:{cluster.port}",
                KEYS,
                KMS_KEY,
            )


class _Cluster(Struct, frozen=True):
    """A cluster in a folder of its own."""

    folder: Path
    mon_port: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)

    def prepare(self) -> None:
        """Write settings and keys, and make the monitor's folder."""
        settings = SETTINGS.format(
            cluster=CLUSTER,
            mon_port=self.mon_port,
            port=self.port,
            folder=self.folder,
            kms_key=KMS_KEY,
            kms_secret=base64.b64encode(bytes(32)).decode(),
        )
        (self.folder / "ceph.conf").write_text(settings, "utf-8")
        (self.folder / "osd").mkdir()
        keyring, monmap = str(self.folder / "keyring"), str(self.folder / "monmap")
        self.command("ceph-authtool", "--create-keyring", keyring)
        for name, rights in RIGHTS.items():
            caps = [part for right in rights.items() for part in ("--cap", *right)]
            self.command("ceph-authtool", keyring, "--gen-key", "-n", name, *caps)
        address = f"[v2:127.0.0.1:{self.mon_port}]"
        self.command("monmaptool", "--create", "--fsid", CLUSTER, "--addv", "a", address, monmap)
        self.command("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)

    def make_user(self) -> None:
        """Make the one user, whose keys are no secret."""
        access, secret = KEYS
        keys = ("--access-key", access, "--secret", secret)
        user = ("user", "create", "--uid", "archive", "--display-name", "archive", *keys)
        self.command("radosgw-admin", "-n", "client.gateway", *user)

    def version(self) -> str:
        """Return the version of the gateway."""
        told = re.search(r"version (\S+)", self.command("radosgw", "--version"))
        return told[1] if told else "of an unknown version"

    def command(self, *command: str) -> str:
        """Run a command to its end and return what it printed."""
        ran = subprocess.run(
            command,
            env=self._environ(),
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        if ran.returncode:
            raise ChildProcessError(f"{command[0]} ended with {ran.returncode}: {ran.stderr}")
        return ran.stdout

    def daemon(self, *command: str, port: int | None = None) -> AbstractContextManager[None]:
        """Run a command in the foreground; it is ready when it listens."""
        ready = partial(answers, port) if port else lambda: True
        return running((*command, "-f"), self._environ(), self.folder / f"{command[0]}.out", ready)

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "CEPH_CONF": str(self.folder / "ceph.conf"),
        }
