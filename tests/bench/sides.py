"""The sides of the benchmark: what each runs, what it does, and what it needs on the machine."""

import json
import shlex
import shutil
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from archiver.json_documents import Json
from tests.bench.work import Work
from tests.pulls import DAY

CAREFUL = Path(__file__).with_name("careful.sh")
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
AT_ONCE = 16
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Side(Struct, frozen=True):
    """One way to do the work: ``command`` makes what to run, into a folder that is not there yet.

    ``needs`` are programs that must be installed. A slow one gets ``most_turns``. Memory is asked
    for of one that ``is_weighed``, in a turn of its own.
    """

    name: str
    does: str
    command: Callable[[Work, Path], Sequence[str]]
    needs: tuple[str, ...] = ()
    most_turns: int = 1_000
    is_weighed: bool = False

    @property
    def lacking(self) -> list[str]:
        """The programs that are not there."""
        return [each for each in self.needs if shutil.which(each, path=PATH) is None]


def environment(work: Work, archive: Path) -> Mapping[str, str]:
    """Return the variables for a side: archiver's settings, which the others do not look at."""
    trusted = {"ARCHIVER_CA_BUNDLE": str(work.ca_bundle)} if work.ca_bundle else {}
    return {
        "PATH": PATH,
        "HOME": str(archive.parent),
        "ARCHIVER_ENDPOINT": work.endpoint,
        "ARCHIVER_TOKEN": work.token,
        "ARCHIVER_ARCHIVE": str(archive),
        "ARCHIVER_CALLS": "no",
        "ARCHIVER_RATE": "60000",
        **trusted,
    }


def archiver(*arguments: str) -> list[str]:
    """Return a command of archiver, by this very Python."""
    return [sys.executable, "-m", "archiver", *arguments]


def pull(
    processes: str = "auto", days: int = 1, settings: Mapping[str, str] = NO_SETTINGS
) -> Callable[[Work, Path], list[str]]:
    """Return what archives so many days, with other ``settings`` than all sides have."""
    last = DAY + timedelta(days=days - 1)
    window = ("--since", f"{DAY:%Y-%m-%d}", "--until", f"{last:%Y-%m-%d} 23:59:59")
    given = {"ARCHIVER_PROCESSES": processes, **settings}

    def command(_work: Work, _folder: Path) -> list[str]:
        asked = archiver("pull", *window, "--quiet", "--workers", str(AT_ONCE))
        return ["env", *(f"{name}={value}" for name, value in given.items()), *asked]

    return command


def curl(work: Work, folder: Path) -> list[str]:
    """Return what downloads a ready list with curl, and syncs once."""
    folder.mkdir()
    chosen = folder / "links"
    chosen.write_text("".join(f'url="{link}"\noutput="{id_}.mp3"\n' for id_, link in links(work)))
    trusted = f"--cacert {shlex.quote(str(work.ca_bundle))} " if work.ca_bundle else ""
    fetched = f"curl --silent --fail --parallel --parallel-max {AT_ONCE} {trusted}--config links"
    return _in(folder, f"{fetched} && sync -f links")


def aria2(work: Work, folder: Path) -> list[str]:
    """Return what downloads a ready list with aria2, and syncs once."""
    folder.mkdir()
    chosen = folder / "links"
    chosen.write_text("".join(f"{link}\n  out={id_}.mp3\n" for id_, link in links(work)))
    trusted = f"--ca-certificate={shlex.quote(str(work.ca_bundle))} " if work.ca_bundle else ""
    return _in(folder, f"aria2c --quiet -j{AT_ONCE} {trusted}--input-file=links && sync -f links")


def careful(work: Work, folder: Path) -> list[str]:
    """Return what a careful user would write."""
    trusted = str(work.ca_bundle) if work.ca_bundle else ""
    day = f"{DAY:%Y-%m-%d}"
    return ["bash", str(CAREFUL), work.endpoint, work.token, day, str(folder), trusted]


BULK = (
    Side(
        "archiver",
        "lists and proves the day, fetches, hashes, walks every frame, holds the length to what is "
        "reported, syncs every file, writes a sidecar each and the chain",
        pull(),
        is_weighed=True,
    ),
    Side("archiver, one process", "the same on threads alone", pull("1"), is_weighed=True),
    Side(
        "curl --parallel",
        "downloads a list that was made before, and syncs once; checks nothing",
        curl,
        ("curl",),
        is_weighed=True,
    ),
    Side("aria2c", "the same", aria2, ("aria2c",), is_weighed=True),
    Side(
        "careful script",
        "lists page by page, downloads, hashes, asks ffprobe for the length, writes a line each; "
        "proves nothing of the list, and compares no length",
        careful,
        ("curl", "jq", "aria2c", "ffprobe"),
        most_turns=1,
    ),
)


def links(work: Work) -> Iterator[tuple[str, str]]:
    """Yield the id and the link of every recording, as the portal lists them."""
    for row in rows(work):
        yield str(row["id"]), str(row["audio"])


def rows(work: Work) -> Iterator[dict[str, Json]]:
    """Yield every row, as the portal lists them."""
    for body in pages(work):
        yield from json.loads(body)["data"]["data"]


def pages(work: Work) -> Iterator[bytes]:
    """Yield every page without a filter, the last of which has no rows."""
    for page in count(1):
        request = urllib.request.Request(  # noqa: S310 - of this machine's loopback
            f"{work.endpoint}voice/recordings?page={page}",
            headers={"Authorization": f"Bearer {work.token}"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - the same
            body = answer.read()
        yield body
        if not json.loads(body)["data"]["data"]:
            return


def _in(folder: Path, line: str) -> list[str]:
    return ["bash", "-c", f"cd {shlex.quote(str(folder))} && {line}"]
