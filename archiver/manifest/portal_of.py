"""Of which portal an archive is: of the one that it was begun for, or one named before it served.

An endpoint may be mistyped, and the archive be begun, with its start entered, before anybody
notices. Until something has come from a portal, another may be named; from then on it is for good,
and what a later manifest says of it changes nothing. Pure.
"""

from collections.abc import Iterable

from msgspec import Struct

from archiver.manifest.model import Manifest, ManifestKind


class ArchivePortal(Struct, frozen=True):
    """The endpoint, and whether it ``is_final``: something came from there."""

    endpoint: str
    is_final: bool


def portal_of(begun_for: str, manifests: Iterable[Manifest]) -> ArchivePortal:
    """Return the portal of an archive, by the endpoint of its own file and its chain in order."""
    endpoint = begun_for
    for manifest in manifests:
        if not _only_names(manifest):
            return ArchivePortal(endpoint, is_final=True)
        endpoint = manifest.portal or endpoint
    return ArchivePortal(endpoint, is_final=False)


def _only_names(manifest: Manifest) -> bool:
    """Whether a manifest tells of nothing from a portal: since when and of which alone."""
    decision = manifest.decision
    decided = (decision.listings, decision.listed, decision.gaps) if decision else ()
    told = (
        *(manifest.windows, manifest.recordings, manifest.held, manifest.unlisted, manifest.days),
        *(manifest.calls, manifest.certificates, manifest.holds, manifest.export, manifest.erasure),
    )
    return manifest.kind is ManifestKind.ACCEPT and not any((*told, *decided))
