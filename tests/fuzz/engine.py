"""One target under atheris, in a process of its own: the only place that speaks it.

The seeds are run while imports are instrumented, so that what the product imports late is as well.

    python -m tests.fuzz.engine TARGET LIBFUZZER-ARGUMENTS
"""

import sys

import atheris

# The loops of these two would take most of the time, and ours walks MPEG frames by itself.
LOOPS = ["mutagen.mp3", "mutagen._util"]

with atheris.instrument_imports(include=["archiver", "mutagen"], exclude=LOOPS):
    from tests.fuzz.targets import TARGETS

    target = TARGETS[sys.argv[1]]
    for seed in target.seeds:
        target.law(seed)

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.law)
    atheris.Fuzz()
