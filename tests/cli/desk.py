"""A person at the terminal, with a sandbox portal to type commands at."""

import contextlib
import io
import os
import re
from pathlib import Path
from unittest import mock

from msgspec import Struct, field

from archiver.cli import main
from archiver.sandbox import Sandbox

TOKEN = "canary-4711-token"  # noqa: S105  # guards a world of tones
SECRETS = (TOKEN, "X-Amz-", "Signature", "sandbox/secret")


ENDPOINT = "http://portal.example/api/v2/"
"""An address that sandboxes have one after the other, each as a proxy for it."""


def at_endpoint(sandbox: Sandbox) -> dict[str, str]:
    """Return the variables by which a sandbox, made for :data:`ENDPOINT`, is reached under it.

    What was archived of one can be used with another, whatever ports they have.
    """
    return {
        "ARCHIVER_ENDPOINT": ENDPOINT,
        "ARCHIVER_PROXY": sandbox.endpoint.removesuffix(ENDPOINT),
        "ARCHIVER_MEDIA_HOSTS": f"http://{sandbox.media_host}",
    }


def unplaced(text: str) -> str:
    """Return what was said without the archive that advised commands name after an ``-a``."""
    return re.sub(r"(\barchiver [a-z]+(?: [a-z]+)?) -a \S+", r"\1", text)


class Ran(Struct, frozen=True):
    """How a command ended."""

    code: int
    out: str
    err: str


class Screen(io.TextIOWrapper):
    """Keeps what is printed to it, text or bytes."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding="utf-8", newline="", write_through=True)

    def text(self) -> str:
        return self._bytes.getvalue().decode()


class Desk(Struct):
    """Types commands; keeps all that was ever printed."""

    sandbox: Sandbox
    home: Path
    environ: dict[str, str] = field(default_factory=dict)
    printed: str = ""

    def run(self, *words: str) -> Ran:
        """Run one command line in this process, with nothing of this machine's environment."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "ARCHIVER_ENDPOINT": self.sandbox.endpoint,
            "ARCHIVER_TOKEN": TOKEN,
            "ARCHIVER_RATE": "60000",
            **self.environ,
        }
        out, err = Screen(), Screen()
        with (
            mock.patch.dict(os.environ, environ, clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main.run(words)
        ran = Ran(code, out.text(), err.text())
        self.printed += ran.out + ran.err
        return ran

    def leaks(self) -> list[str]:
        """Return the secrets that were ever printed, and raw control characters."""
        lines = self.printed.replace("\r\n", "\n").replace("\n", "")
        acting = [repr(c) for c in lines if not c.isprintable()]
        return [secret for secret in SECRETS if secret in self.printed] + acting
