"""How whoever reads a page can play a file, check it, and check the archive: with stock tools."""

import os
import shlex
from pathlib import Path
from urllib.parse import quote

from archiver.config.archive_address import folder_of
from archiver.domain.layout import manifest_key
from archiver.json_documents import Json
from archiver.report.subject import Subject

_NO_PROOF = (
    "This page is a picture of the archive at one moment. It is no proof: whoever has it can "
    "change it. The manifests are the proof; hold them against a head that was kept elsewhere, "
    "such as in the mails of nightly runs."
)


def media(address: str, page: Path) -> dict[str, Json]:
    """Return how the page finds a file: beside itself from a folder, by a command from a bucket.

    A browser plays by a path relative to the page, so both may be moved together.
    """
    at = shlex.quote(address)
    get = f"archiver get ID --archive {at}"
    folder = folder_of(address)
    if folder is None:
        return {
            "playable": False,
            "base": "",
            "instead": "The archive is in a bucket, which a page can't play from. "
            "The command in Details brings the file.",
            "check": f"aws s3 cp {address.rstrip('/')}/PATH - | sha256sum",
            "get": get,
        }
    beside = os.path.relpath(os.path.realpath(folder), os.path.realpath(page.parent))
    return {
        "playable": True,
        "base": f"{quote(os.fsencode(beside))}/",
        "instead": "",
        "check": f"cd {at} && sha256sum PATH",
        "get": get,
    }


def steps(subject: Subject) -> list[Json]:
    """Return how to check the archive, the page's own word last."""
    at, head = shlex.quote(subject.address), subject.audit.head
    if head is None:
        return [_step(_NO_PROOF)]
    key = manifest_key(head.number)
    read = f"cd {at} && sha256sum {key}"
    if folder_of(subject.address) is None:
        read = f"aws s3 cp {subject.address.rstrip('/')}/{key} - | sha256sum"
    return [
        _step("The head of the chain: all that lies below is fixed by it.", str(head)),
        _step(
            "Read every file, and hold the chain against this head or, better, against one that "
            "was kept elsewhere:",
            f"archiver verify --archive {at} --head {head}",
        ),
        _step("Without archiver: the SHA-256 of the head's manifest must be the one above.", read),
        _step(
            "Each manifest names the SHA-256 of its files and of the manifest before it; "
            "docs/verify-by-hand.md walks through them with sha256sum and jq alone."
        ),
        _step(_NO_PROOF),
    ]


def _step(text: str, command: str = "") -> Json:
    return {"text": text, "command": command}
