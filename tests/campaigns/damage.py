"""Damage to an archive: done to its files, remembered, and taken back."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from archiver.check.audit_report import AuditReport

How = Literal["flip", "cut", "delete"]


class Damages(Struct):
    """What was done to files of the archive in ``folder``; ``before`` is what they had.

    ``debris`` is the SHA-256 of everything that damage ever made of a file.
    """

    folder: Path
    before: dict[str, bytes] = field(default_factory=dict)
    debris: set[str] = field(default_factory=set)

    def do(self, name: str, how: How, at: float) -> bool:
        """Damage a file at that fraction of it, unless it is damaged; return whether it was."""
        path = self.folder / name
        if name in self.before or not path.exists():
            return False
        whole = path.read_bytes()
        spot = int(len(whole) * at)
        path.unlink()
        if how != "delete":
            made = flipped(whole, spot) if how == "flip" else whole[:spot]
            assert made != whole
            path.write_bytes(made)
            self.debris.add(hashlib.sha256(made).hexdigest())
        self.before[name] = whole
        return True

    def take_back(self, name: str) -> None:
        """Give a file what it had."""
        (self.folder / name).write_bytes(self.before.pop(name))

    def complaints(self, report: AuditReport) -> list[str]:
        """Say where an audit names what was not damaged, or does not name what was.

        Damage that a pull has mended, by storing the same bytes again, is none any more; what lay
        there may have been set aside, and nobody names that.
        """
        self._forget(name for name in [*self.before] if self._is_mended(name))
        named = {flawed.path for flawed in (*report.missing, *report.differ)}
        extra = {flawed.path for flawed in report.extra}
        return [
            *(f"{name} is damaged and not named" for name in self.before.keys() - named),
            *(f"{name} is named and not damaged" for name in named - self.before.keys()),
            *(f"{name} is nobody's" for name in extra if not self.made(name)),
        ]

    def made(self, name: str) -> bool:
        """Whether damage made what lies under a name."""
        return hashlib.sha256((self.folder / name).read_bytes()).hexdigest() in self.debris

    def _is_mended(self, name: str) -> bool:
        path = self.folder / name
        return path.exists() and path.read_bytes() == self.before[name]

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            del self.before[name]


def flipped(data: bytes, spot: int) -> bytes:
    """Return ``data`` with one bit flipped in the byte at ``spot``."""
    return data[:spot] + bytes([data[spot] ^ 1]) + data[spot + 1 :]
