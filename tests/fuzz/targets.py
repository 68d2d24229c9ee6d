"""Every fuzz target, by name."""

from tests.fuzz.archive import MANIFESTS, NAMES, SIDECARS
from tests.fuzz.audio import BARE, FILES, FLAC, FRAMES, MP4, OGG, RIFF
from tests.fuzz.desk import SETTINGS_FILE, TIMES, VARIABLES
from tests.fuzz.portal import DOCUMENTS, LINKS, PAGES

TARGETS = {
    target.name: target
    for target in (
        *(FRAMES, FILES),
        *(OGG, FLAC, RIFF, MP4, BARE),
        *(PAGES, LINKS, DOCUMENTS),
        *(MANIFESTS, SIDECARS, NAMES),
        *(SETTINGS_FILE, VARIABLES, TIMES),
    )
}
