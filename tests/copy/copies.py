"""Copies to test with: an archive of numbered recordings in a folder, copied to another."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.check.copy_ import CopyRequest, CopyResult, copy_archive
from archiver.app.check.verify import Verification, VerifyRequest, verify
from archiver.app.opening.context import Context, SettingsRequest, load
from archiver.domain.layout import PRIVATE, calls_key
from archiver.domain.outcomes import Outcome
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, Manifest, ManifestKind
from archiver.manifest.records.files import ArchivedFile, CallFile, Head
from archiver.store.local import LocalStore
from tests.archives import MORNING, entry, fill, manifest_of


class Vault(Struct):
    """A folder of this machine with an archive in it, and a copy beside it."""

    home: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    @property
    def copied(self) -> Path:
        return self.home / "copy"

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.archive)

    def context(self, archive: object = None) -> Context:
        environ = {"HOME": str(self.home / "home"), **self.environ}
        return load(SettingsRequest({"archive": str(archive or self.archive)}), environ)

    def copy(self, to: object = None, archive: object = None, **wanted: object) -> CopyResult:
        """Copy, and return what came of it."""
        request = CopyRequest(str(to or self.copied), **wanted)  # type: ignore[arg-type]  # a test names any fields
        return copy_archive(request, self.context(archive))

    def verify(self, archive: object = None) -> Verification:
        """Read the copy, or another archive, from end to end."""
        return verify(VerifyRequest(read_all=True), self.context(archive or self.copied))

    def head(self) -> Head | None:
        return Journal(self.store).head()


def vault(home: Path, manifests: int = 3, each: int = 2) -> Vault:
    """Return a vault with an archive of numbered recordings."""
    made = Vault(home)
    fill(made.store, manifests, each)
    return made


def add(made: Vault, *entries: Entry, kind: ManifestKind = ManifestKind.RUN) -> Head:
    """Append a manifest of these entries to the archive."""
    journal = Journal(made.store)
    return journal.append(manifest_of(journal.archive().archive, entries, kind))


def add_calls(made: Vault, text: bytes = b'{"id":"7"}\n') -> str:
    """Append a manifest that names a file of calls; return its name."""
    sha256 = hashlib.sha256(text).hexdigest()
    key = calls_key(MORNING.date(), sha256)
    made.store.put(key, text)
    file = ArchivedFile(key, len(text), sha256)
    _append(made, calls=(CallFile(MORNING.date(), len(text.splitlines()), file),))
    return key


def _append(made: Vault, **more: object) -> None:
    journal = Journal(made.store)
    build = manifest_of(journal.archive().archive, ())

    def with_more(below: Head | None) -> Manifest:
        return replace(build(below), **more)

    journal.append(with_more)


def erase(made: Vault, recording: str) -> None:
    """Enter a tombstone, and remove the bytes as an erasure does."""
    add(made, entry(recording, Outcome.ERASED), kind=ManifestKind.ERASE)
    for path in files_of(made.archive, recording):
        path.unlink()


def files_of(folder: Path, recording: str) -> list[Path]:
    """Return audio and sidecar of a recording."""
    return sorted(folder.glob(f"recordings/**/*_{recording}.*"))


def content(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of an archive by its name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and PRIVATE not in path.relative_to(folder).parts
    }


def spoil(path: Path) -> None:
    """Change a byte of a file; its size stays."""
    text = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(bytes([text[0] ^ 1]) + text[1:])
