"""The secrets and numbers that nothing may print or write, and the search for them after each test.

What a test prints, what it logs (at DEBUG, through the product's own formatter) and every file that
it leaves are searched; a hit fails the test. Secrets may be nowhere. Numbers may be where the
archive keeps personal data: sidecars, call files and the catalog. The texts to look for are put
together from pieces here, so that this file is no hit itself.
"""

import logging
import re
from collections.abc import Generator, Iterator
from pathlib import Path, PurePath

import pytest
from msgspec import Struct, field

from archiver.cli.screen.redaction import RedactingFormatter
from archiver.sandbox.media.presigned import SECRET_KEY

TOKEN = "canary-" + "4711-token"
SIGNATURE = "5ca1" + "ab1e" * 15
"""What signs the links that tests make up, whatever the parameter is called."""
SHOWN = 5


class Canary(Struct, frozen=True):
    """Something to look for: ``start`` as it is, then ``rest``, a regular expression."""

    name: str
    start: bytes
    rest: bytes = b""
    is_secret: bool = True

    def is_in(self, data: bytes) -> bool:
        """Whether it is anywhere in ``data``."""
        return self.start in data and bool(re.search(re.escape(self.start) + self.rest, data))


def _numbers() -> Iterator[Canary]:
    """Yield the numbers of the provider's sample, and the ranges that sandboxes draw from."""
    for reversed_number in ("654235989719", "106782860819", "221100355819"):
        number = reversed_number[::-1].encode()
        yield Canary("a number of the provider's sample", number, is_secret=False)
    yield Canary("a sandbox's caller", b"447700" + b"900", rb"[0-9]{3}", is_secret=False)
    yield Canary("a sandbox's called", b"1202" + b"55501", rb"[0-9]{2}", is_secret=False)


CANARIES = (
    Canary("the token", TOKEN.encode()),
    Canary("the bucket's secret key", SECRET_KEY.encode()),
    Canary("a token in an address", b"access_" + b"token=", rb"[A-Za-z0-9_.-]{4,}"),
    Canary("a made-up link's signature", SIGNATURE.encode()),
    Canary("a signature", b"-Signa" + b"ture", rb"(=|%3D|\\u003d)[0-9A-Za-z%]{16,}"),
    Canary("a signature of older schemes", b"&Signa" + b"ture=", rb"[0-9A-Za-z%+/]{16,}"),
    Canary("a shared access signature", b"&s" + b"ig=", rb"[0-9A-Za-z%+/]{16,}"),
    Canary("a key pair's id", b"Key-Pair" + b"-Id=", rb"[0-9A-Z]{8,}"),
    Canary("the sample's key id", b"APNZ4EVDAJTQHXTIAIKA"[::-1]),
    *_numbers(),
)


class Search(Struct):
    """What was searched, and where something was found."""

    files: int = 0
    size: int = 0
    hits: list[str] = field(default_factory=list)

    def text(self, where: str, data: bytes, *, personal: bool = False) -> None:
        """Search ``data``; with ``personal``, numbers may be in it."""
        self.size += len(data)
        self.hits += [
            f"{canary.name} in {where}"
            for canary in CANARIES
            if (canary.is_secret or not personal) and canary.is_in(data)
        ]

    def folder(self, root: Path) -> None:
        """Search every file below ``root``, except what the test gave; no links are followed."""
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.is_symlink() or not path.is_file() or is_given(inside):
                continue
            self.files += 1
            self.text(f"the file {inside}", path.read_bytes(), personal=is_personal(inside))


def is_personal(path: PurePath) -> bool:
    """Whether the archive keeps personal data in a file of that name, or a killed run left some."""
    sidecar = path.suffix in {".json", ".aside"} and {"recordings", "quarantine"} & {*path.parts}
    return (
        bool(sidecar)
        or "parts" in path.parts
        or path.name.startswith("catalog")
        or "calls" in path.parts
        or bool({"exports", "holds"} & {*path.parts})
        or is_handed_over(path)
    )


def is_handed_over(path: PurePath) -> bool:
    """Whether a file of that name is a list of a hand-over, a zip file of one, or its plan."""
    return (
        path.name.startswith("plan.sqlite")
        or path.suffix == ".zip"
        or (path.name in {"recordings.csv", "sec.csv", "load_file.dat"})
    )


def is_given(path: PurePath) -> bool:
    """Whether a file is the user's own token or settings: what a test gives, not what it gets."""
    return path.name == "token" or path.suffix == ".toml"


class _Log(logging.Handler):
    """Keeps what the product would log of a test's records at DEBUG."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(RedactingFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


_log = _Log()


def heard(text: str) -> None:
    """Have what a process of its own printed searched with the test's own output."""
    _log.lines.append(text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Listen to the log while a test runs."""
    root = logging.getLogger()
    _log.lines.clear()
    root.addHandler(_log)
    try:
        return (yield)
    finally:
        root.removeHandler(_log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Search what the test leaves when it has ended; fail it for what is found."""
    report = yield
    if call.when != "teardown":
        return report
    search = Search()
    for title, text in report.sections:
        if "log" not in title:
            search.text(title.lower(), text.encode("utf-8", "surrogateescape"))
    search.text("what was logged or printed", "\n".join(_log.lines).encode("utf-8", "replace"))
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if folder is not None:
        search.folder(folder)
    report.user_properties.append(("searched", (search.files, search.size, len(search.hits))))
    if search.hits:
        report.outcome = "failed"
        shown = "\n".join(search.hits[:SHOWN])
        report.longrepr = f"{len(search.hits)} leaks:\n{shown}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how much was searched, and what for."""
    searched = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "searched"
    ]
    files, size, hits = (
        (sum(each) for each in zip(*searched, strict=True)) if searched else (0,) * 3
    )
    terminalreporter.write_line(
        f"X6, P1: {len(CANARIES)} canaries: {files} files and {size} bytes searched after "
        f"{len(searched)} tests, hits {hits}"
    )
