"""One target under atheris, in a process of its own: the only place that speaks it.

The seeds are run while imports are instrumented, so that what the product imports late is as well.
mutagen's own branches are not followed: its loops would take most of the time.

    python -m tests.fuzz.engine TARGET LIBFUZZER-ARGUMENTS
"""

import sys

import atheris

with atheris.instrument_imports(include=["archiver"]):
    from tests.fuzz.targets import TARGETS

    target = TARGETS[sys.argv[1]]
    for seed in target.seeds:
        target.law(seed)

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.law)
    atheris.Fuzz()
