"""Storing on real file systems of other kinds: what is stored is whole, or it is refused in words.

Each lies in a file that is mounted by loop, in a mount namespace where this module runs once more.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from archiver.check.audit import audit
from archiver.domain.checks import CheckStatus
from archiver.store.local import LocalStore
from archiver.store.local.folder_check import check_folder
from tests.campaigns.injection import STORED, TOLD, attempt
from tests.campaigns.mounts import NotHereError, mounted
from tests.campaigns.report import Report

MODULE = "tests.campaigns.filesystems"
PACKAGES = {"vfat": "dosfstools", "exfat": "exfatprogs", "ext4": "e2fsprogs", "xfs": "xfsprogs"}
"""Kinds of file systems, and what makes them."""
LOOP = 'truncate -s 320M "$1.img" && mkfs.{kind} "$1.img" && mount -o loop "$1.img" "$1"'
APART = 'mkdir -p "$1/archive/.archiver" && mount -t tmpfs -o size=4m none "$1/archive/.archiver"'


def add(report: Report, folder: Path) -> None:
    """Try every kind, and part files on a disk of their own; tell what came of it."""
    mountings = {"a disk apart from its part files": APART}
    for kind, package in PACKAGES.items():
        if shutil.which(f"mkfs.{kind}") is None:
            report.skipped.append(f"{kind}: mkfs.{kind} is missing: apt-get install {package}")
        else:
            mountings[kind] = LOOP.format(kind=kind)
    for number, (name, mounting) in enumerate(mountings.items()):
        place = folder / str(number)
        place.mkdir()
        try:
            tried = json.loads(mounted(mounting, place, MODULE))
        except NotHereError as error:
            report.skipped.append(f"{name}: {error}")
            continue
        report.figures[f"storing on {name}"] = "stored, whole" if tried["whole"] else tried["said"]
        if not _is_right(tried):
            report.bad.append(f"{name}: {tried}")


def _is_right(tried: dict[str, Any]) -> bool:
    """Whether all was stored and doctor found no fault with the place, or nothing was."""
    if tried["code"] == STORED:
        return bool(tried["whole"]) and tried["doctor"] != CheckStatus.FAIL
    return tried["code"] == TOLD and not tried["finals"] and not tried["parts"]


def _try(place: Path) -> dict[str, Any]:
    """Store on what is mounted at ``place``, and say what came of it."""
    root = place / "archive"
    ended = attempt(root)
    finals = [str(path) for path in root.glob("recordings/**/*") if path.is_file()]
    return asdict(ended) | {
        "doctor": check_folder(root).state.value,
        "whole": ended.code == STORED and audit(LocalStore(root)).is_clean,
        "finals": finals,
        "parts": [str(path) for path in root.glob(".archiver/parts/*")],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_try(Path(sys.argv[1]))))
