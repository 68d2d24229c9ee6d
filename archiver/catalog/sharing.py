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
