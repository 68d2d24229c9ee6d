"""Run archiver and write down where it spent the processor's time: a JSON object of seconds.

python -m tests.bench.sampled FILE pull --day 2021-04-06
"""

import json
import sys
import time
from pathlib import Path

from tests.bench.sampler import Sampler


def main(path: str, *arguments: str) -> int:
    """Run a command in this process."""
    with Sampler() as sampler:
        from archiver.cli.main import run  # noqa: PLC0415 - imports are a part of it

        code = run([*arguments])
    Path(path).write_text(json.dumps({"all": time.process_time(), **sampler.seconds}))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
