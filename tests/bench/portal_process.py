"""A portal in a process of its own, so that it takes no time of the process that is measured.

``python -m tests.bench.portal_process PLAN`` says where it listens, and serves until its input
ends.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from archiver.sandbox import Encoding, Faults, Sandbox, World
from archiver.sandbox.terms import BUCKET
from tests.pulls import DAY

WEEK_S = 604_800
"""The longest life of a link that S3 grants, in seconds."""


class PortalPlan(Struct, frozen=True):
    """What a portal lists: ``recordings`` of ``seconds`` of talk, spread over so many ``days``.

    With ``media_host`` somebody else serves the audio, and finds it in the folder ``objects``.
    Every first byte comes after ``latency_s``, a report's after ``page_s`` more. ``rate_limit`` is
    in requests a minute.
    """

    recordings: int
    seconds: int
    days: int = 1
    objects: str | None = None
    media_host: str | None = None
    latency_s: float = 0.0
    page_s: float = 0.0
    rate_limit: int | None = None


@contextmanager
def serving(plan: PortalPlan) -> Iterator[tuple[str, str]]:
    """Serve until the end of the block; yield the endpoint and the token."""
    command = [sys.executable, "-m", __name__, json.dumps(asdict(plan))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as portal:
        if portal.stdin is None or portal.stdout is None:
            raise AssertionError("a process without pipes")
        endpoint, token = portal.stdout.readline().split()
        yield endpoint, token
        portal.stdin.close()


def world_of(plan: PortalPlan) -> World:
    """Make what is listed: the same each time."""
    world = World(seed=1)
    world.add(
        count=plan.recordings,
        first=DAY,
        last=DAY + timedelta(days=plan.days, hours=-1),
        kinds=(Encoding.BARE,),
        seconds=(plan.seconds, plan.seconds + 1),
    )
    return world


def _lay_out(world: World, objects: Path) -> None:
    """Write every object where another server looks for it."""
    for recording in world.recordings:
        stored = world.stored(recording.key or "")
        path = objects / BUCKET / (recording.key or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        if stored is not None:
            path.write_bytes(stored.body)


def main(text: str) -> None:
    """Write the objects, and serve the portal until the input ends."""
    plan = PortalPlan(**json.loads(text))
    world = world_of(plan)
    if plan.objects is not None:
        _lay_out(world, Path(plan.objects))
    sandbox = Sandbox(
        world,
        Faults(latency=plan.latency_s, report_latency=plan.page_s),
        link_life=WEEK_S,
        media_host=plan.media_host,
        rate_limit=plan.rate_limit,
    )
    with sandbox:
        sys.stdout.write(f"{sandbox.endpoint} {sandbox.token}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
