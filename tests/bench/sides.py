"""The sides of the benchmark: what each runs, what it does, and what it needs on the machine."""

import json
import shlex
import shutil
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.bench.work import Work
from tests.pulls import DAY

CAREFUL = Path(__file__).with_name("careful.sh")
AT_ONCE = 16
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Side:
    """One way to do the work: ``command`` makes what to run, into a folder that is not there yet.

    ``needs`` are programs that must be installed.
    """

    name: str
    does: str
    command: Callable[[Work, Path], Sequence[str]]
    needs: tuple[str, ...] = ()

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


def pull(processes: str = "auto", workers: int = AT_ONCE) -> Callable[[Work, Path], list[str]]:
    """Return what archives the day."""

    def command(_work: Work, _folder: Path) -> list[str]:
        asked = archiver("pull", "--day", f"{DAY:%Y-%m-%d}", "--quiet", "--workers", str(workers))
        return ["env", f"ARCHIVER_PROCESSES={processes}", *asked]

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
    ),
    Side("archiver, one process", "the same on threads alone", pull("1")),
    Side(
        "curl --parallel",
        "downloads a list that was made before, and syncs once; checks nothing",
        curl,
        ("curl",),
    ),
    Side("aria2c", "the same", aria2, ("aria2c",)),
    Side(
        "careful script",
        "lists page by page, downloads, hashes, asks ffprobe for the length, writes a line each; "
        "proves nothing of the list, and compares no length",
        careful,
        ("curl", "jq", "aria2c", "ffprobe"),
    ),
)


def links(work: Work) -> Iterator[tuple[str, str]]:
    """Yield the id and the link of every recording, as the portal lists them."""
    for page in count(1):
        request = urllib.request.Request(  # noqa: S310 - of this machine's loopback
            f"{work.endpoint}voice/recordings?page={page}",
            headers={"Authorization": f"Bearer {work.token}"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - the same
            rows = json.load(answer)["data"]["data"]
        if not rows:
            return
        for row in rows:
            yield row["id"], row["audio"]


def _in(folder: Path, line: str) -> list[str]:
    return ["bash", "-c", f"cd {shlex.quote(str(folder))} && {line}"]
