"""LocalStack from PyPI, in an environment of its own: its dependencies are not ours.

It listens on loopback alone, and asks nothing of any other network.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx

from tests.s3servers.daemon import answers, free_port, running
from tests.s3servers.server import Endpoint

ROOT = Path(__file__).parents[2]
VENV = ".venv-localstack"
LOCK = "requirements-localstack.lock"
# The account of its manual; it asks for no other.
KEYS = ("test", "test")
KMS_KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000001"
ENVIRON = {
    "GATEWAY_SERVER": "hypercorn",  # the other one listens on every interface
    "SERVICES": "s3",
    "S3_SKIP_SIGNATURE_VALIDATION": "0",  # of presigned links; it looks at no other signature
    "DNS_ADDRESS": "0",
    "DISABLE_EVENTS": "1",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "SKIP_INFRA_DOWNLOADS": "1",
}
# Its buckets would lie in one folder of the machine, the same for all that run, and be left there;
# and it would ask the machine's resolver for a name of its own.
START = """
import sys
from localstack.runtime.main import main
from localstack.services.s3 import provider
from localstack.utils.aws import aws_stack
provider.DEFAULT_S3_TMP_DIR = sys.argv[1]
aws_stack.CACHE_S3_HOSTNAME_DNS_STATUS = False
main()
"""
DIFFERS = {
    "create-only copy to a taken name": "200",
    "COMPLIANCE until a day that is past": "200",
    "COMPLIANCE in a bucket without Object Lock": "200",
    "PUT, another owner expected": "200",
    "HEAD of a bucket, another owner expected": "200",
    "request signed with a wrong secret": "200",
    "request with an unknown key": "200",
    "request of an hour ago": "200",
    "request without a signature": "200",
    "body other than was signed": "200",
    "listing in pages of 3": "4 of 8",  # it compares quoted names with plain ones
}
"""Of 4.13.1."""


class LocalStack:
    """LocalStack, if it is installed."""

    name = "LocalStack"
    differs = DIFFERS

    @property
    def installing(self) -> tuple[tuple[str, ...], ...]:
        """An environment, and into it what the lock file names."""
        pip = (f"{VENV}/bin/python", "-m", "pip", "install", "--quiet", "--require-hashes")
        return ((sys.executable, "-m", "venv", "--clear", VENV), (*pip, "--requirement", LOCK))

    def is_there(self) -> bool:
        """Whether its environment is whole."""
        return (ROOT / VENV / "bin" / "localstack").exists()

    @contextmanager
    def running(self) -> Iterator[Endpoint]:
        """Start it in a temporary folder."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        with tempfile.TemporaryDirectory(prefix="localstack-") as folder:
            environ = {
                **ENVIRON,
                "PATH": os.environ["PATH"],
                "HOME": folder,
                "TMPDIR": folder,
                "GATEWAY_LISTEN": f"127.0.0.1:{port}",
            }
            command = (str(ROOT / VENV / "bin" / "python"), "-c", START, f"{folder}/buckets")
            log = Path(folder, "localstack.out")
            with running(command, environ, log, partial(answers, port)):
                health = httpx.get(f"{url}/_localstack/health", trust_env=False).json()
                server = f"{self.name} {health['version']}"
                yield Endpoint(server, url, KEYS, KMS_KEY)
