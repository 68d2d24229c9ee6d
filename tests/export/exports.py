"""Exports to test with: an archive of a few recordings, handed over in any form."""

import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.exporting.export_request import ExportRequest
from archiver.app.handover.export import ExportResult, export
from archiver.app.opening.context import SettingsRequest, load
from archiver.completeness.certificate import Certificate
from archiver.domain.export_form import ExportForm
from archiver.domain.layout import certificate_key
from archiver.domain.outcomes import Outcome, Verdict
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.files import ArchivedFile, CertificateFile
from archiver.store.base import Store
from archiver.store.local import LocalStore
from tests.archives import MORNING, entry, fill, manifest_of, row, store_one

FORMS = tuple(ExportForm)
BY = "ann"


class Office(Struct):
    """Where somebody exports from an ``archive`` (an address) into a folder, ``home``."""

    home: Path
    archive: str
    store: Store
    environ: Mapping[str, str] = field(default_factory=dict)

    def export(self, out: str = "out", **wanted: object) -> ExportResult:
        """Export, and return what came of it."""
        name = "out.zip" if (out, wanted.get("form")) == ("out", ExportForm.ZIP) else out
        place = str(self.home / name) if out else ""
        request = ExportRequest(**{"out": place, "by": BY, **wanted})  # type: ignore[arg-type]  # a test names any fields
        environ = {"HOME": str(self.home), **self.environ}
        return export(request, load(SettingsRequest({"archive": self.archive}), environ))

    def manifests(self) -> list[Manifest]:
        """Return the chain."""
        return [manifest for _, manifest in Journal(self.store).manifests()]


def office(folder: Path, manifests: int = 3, each: int = 2) -> Office:
    """Return an office with an archive of numbered recordings in a folder."""
    store = LocalStore(folder / "archive")
    fill(store, manifests, each)
    return Office(folder, str(folder / "archive"), store)


def add_absent(store: Store) -> None:
    """Add what can't be handed over: one in quarantine, one that is gone."""
    journal = Journal(store)
    bad = store_one(store, row("901"), b"cut", Verdict.TRUNCATED)
    gone = entry("902", Outcome.GONE, created_at=MORNING, reasons=("there is no such object",))
    journal.append(manifest_of(journal.archive().archive, [bad, gone]))


def certify(desk: Office, day: date, root: Path) -> str:
    """Enter a certificate of a day, as a pull would; return its name."""
    example = (root / "manifests" / "certificate.example.json").read_bytes()
    journal = Journal(desk.store)
    archive = journal.archive().archive
    told = replace(Certificate.from_json(example), day=day, archive=archive, supersedes=None)
    text = told.to_json()
    stored = desk.store.put(certificate_key(day, hashlib.sha256(text).hexdigest()), text)
    file = ArchivedFile(stored.key, stored.bytes, stored.sha256)
    build = manifest_of(archive, [])
    named = (CertificateFile(day, file),)
    for _ in range(2):  # what a repair brings back is named once more
        journal.append(lambda below: replace(build(below), certificates=named))
    return file.path


def unpacked(place: Path) -> Path:
    """Return the folder that a receiver sees: of a zip file, after unpacking it."""
    if place.is_dir():
        return place
    folder = place.with_name(f"{place.name}.unpacked")
    with zipfile.ZipFile(place) as made:
        made.extractall(folder)
    return folder


def content(place: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a hand-over by its name; of a zip file, its own."""
    if place.is_file():
        return {"": hashlib.sha256(place.read_bytes()).hexdigest()}
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in place.rglob("*")
        if path.is_file()
    }


def checked(folder: Path, **environ: str) -> tuple[int, str]:
    """Run the receiver's check; return its exit code and what it said."""
    done = subprocess.run(
        [shutil.which("sh") or "sh", os.path.relpath(folder / "check.sh", folder.parent)],
        env={"PATH": os.environ["PATH"], **environ},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def payload(folder: Path) -> Path:
    """Return where the recordings lie."""
    return folder / "data" if (folder / "data").is_dir() else folder


def copy_of(place: Path, to: Path) -> Path:
    """Return a copy of a folder."""
    shutil.copytree(place, to)
    return to
