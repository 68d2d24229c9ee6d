"""What the chain says of audio that several recordings have: which of it a person has accepted."""

import sqlite3

from archiver.domain.outcomes import Concern
from archiver.manifest.model import Manifest, ManifestKind


def take_in(database: sqlite3.Connection, manifest: Manifest) -> None:
    """Take in what a manifest accepts."""
    if manifest.kind is not ManifestKind.ACCEPT:
        return
    database.executemany(
        "INSERT OR IGNORE INTO shared_audio VALUES (?)",
        (
            (entry.audio.sha256,)
            for entry in manifest.recordings
            if entry.audio and Concern.SAME_AUDIO in entry.concerns
        ),
    )


def is_accepted(database: sqlite3.Connection, sha256: str) -> bool:
    """Whether a person has accepted that several recordings have audio of that SHA-256."""
    question = "SELECT 1 FROM shared_audio WHERE sha256 = ?"
    return database.execute(question, (sha256,)).fetchone() is not None
