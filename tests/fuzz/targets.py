"""Every fuzz target, by name."""

from tests.fuzz.archive import MANIFESTS, NAMES, SIDECARS
from tests.fuzz.audio import FILES, FRAMES
from tests.fuzz.desk import SETTINGS_FILE, TIMES, VARIABLES
from tests.fuzz.portal import DOCUMENTS, LINKS, PAGES

TARGETS = {
    target.name: target
    for target in (
        *(FRAMES, FILES),
        *(PAGES, LINKS, DOCUMENTS),
        *(MANIFESTS, SIDECARS, NAMES),
        *(SETTINGS_FILE, VARIABLES, TIMES),
    )
}
