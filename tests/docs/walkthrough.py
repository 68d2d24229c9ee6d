"""A page that is followed by somebody who types what stands in it, beside a sandbox of its own.

A block of ``sh`` is typed line by line; the plain block behind it is what its lines print. What is
never the same twice (ids, days, hashes, sizes, lengths) may differ from the page: what a command
of the page takes from an output of the page, the reader takes from the output that came.
"""

import re
import shlex
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.warm import ROOT
from tests.programs import STARTER

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"\s+# ends with (\d+)$")
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TAKEN = {
    "file": rf"(?:(?:recordings|quarantine)/\d{{4}}/\d\d/\d\d/)?\d{{8}}-\d{{6}}_{UUID}[.\w]*\.\w+",
    "id": UUID,
    "sha256": r"[0-9a-f]{64}",
    "address": r"127\.0\.0\.1:\d+",
    "day": r"\d{4}-\d\d-\d\d",
    "number": r"\d{11,12}",
}
"""What a reader takes from an output into a command, by its form."""

VARIES = {
    "length": r"\d+\.\d s\b|\d?\d:\d\d(?::\d\d)?\b",
    "size": r"[\d.,]+ [kMGT]?B\b",
    "who": r"\bann(?:@[\w.-]+)?",
    "program": r"\S+/bin/archiver\b",
    "figure": r"[\d.,]*\d",
    "space": r"\s+",
    "more": r"…$",
}
FORMS = {
    **{name: f"({form})" for name, form in TAKEN.items()},
    **{name: f"(?:{form})" for name, form in VARIES.items()},
    "more": ".*",
}
"""What stands for each form where a printed line is held against the page's: a group if taken."""

FORM = re.compile("|".join(f"(?P<{name}>{form})" for name, form in {**TAKEN, **VARIES}.items()))

SHELL = r"""
cd "$(cat "$0/place")" && . "$0/exports"
eval "$1"
code=$?
export -p > "$0/exports"
pwd > "$0/place"
exit $code
"""


class Astray(AssertionError):
    """The page says other than what comes."""


@dataclass(frozen=True)
class Ran:
    """A command of the page, as typed, the code that came and the one that the page names."""

    typed: str
    code: int
    named: int


@dataclass
class Reader:
    """Somebody in an empty folder, with the shell's variables and a memory of what was printed."""

    folder: Path
    """Holds the shell's state and the home, and in this the folder where the page is followed."""
    program: str = ""
    """The text of the command ``archiver``."""
    taken: dict[str, str] = field(default_factory=dict)
    """What stands in the page -> what came in its place."""

    def __post_init__(self) -> None:
        """Lay out a home and the command ``archiver``."""
        self.home = self.folder / "ann"
        (self.home / "calls").mkdir(parents=True)
        (self.folder / "bin").mkdir()
        program = self.folder / "bin" / "archiver"
        program.write_text(self.program)
        program.chmod(0o700)
        (self.folder / "place").write_text(str(self.home / "calls"))
        (self.folder / "exports").write_text("")
        self.environ = {
            "PATH": f"{self.folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "LOGNAME": "ann",
            "ARCHIVER_RATE": "60000",
        }

    def type(self, line: str) -> tuple[str, int]:
        """Type one line, with what was taken from outputs; return what it prints and its code."""
        done = subprocess.run(
            ["/bin/sh", "-c", SHELL, str(self.folder), line],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout, done.returncode

    def in_ones_own_words(self, line: str) -> str:
        """Return a line of the page with what came in place of what the page shows."""
        every = "|".join(map(re.escape, sorted(self.taken, key=len, reverse=True)))
        return re.sub(every, lambda match: self.taken[match[0]], line) if every else line

    def compare(self, shown: str, printed: str) -> None:
        """Find each line that is shown among those that were printed, in the same order."""
        rest = iter(printed.splitlines())
        for line in shown.splitlines():
            if line.strip() in {"", "…"}:
                continue
            form = re.compile(self._form(line))
            found = next((match for each in rest if (match := form.fullmatch(each))), None)
            if found is None:
                raise Astray(f"not printed, or not there: {line}\n--- printed:\n{printed}")
            self._take(line, found)

    def _form(self, line: str) -> str:
        """Return what a printed line must match: the words as shown, all else by its form."""
        line = line.rstrip().replace("/home/ann", str(self.home))
        parts, end = [], 0
        for match in FORM.finditer(line):
            name = str(match.lastgroup)
            parts += [re.escape(line[end : match.start()]), FORMS[name]]
            end = match.end()
        return "".join([*parts, re.escape(line[end:]), r"\s*"])

    def _take(self, line: str, found: re.Match[str]) -> None:
        shown = [m[0] for m in FORM.finditer(line) if m.lastgroup in TAKEN]
        for before, after in zip(shown, found.groups(), strict=True):
            if self.taken.setdefault(before, after) != after and re.fullmatch(
                rf"{UUID}|{TAKEN['sha256']}", before
            ):
                raise Astray(f"shown as one, printed as two: {before} in {line}")
            if re.fullmatch(UUID, before):
                self.taken.setdefault(before[:8], after[:8])


def blocks(page: str) -> Iterator[tuple[list[str], str]]:
    """Yield the lines of each block of ``sh`` and what the block behind it shows."""
    found = [(match[1], match[2]) for match in BLOCK.finditer(page)]
    for (kind, text), (next_kind, shown) in zip(found, [*found[1:], ("sh", "")], strict=True):
        if kind == "sh":
            yield text.splitlines(), shown if next_kind == "" else ""


@contextmanager
def sandbox(reader: Reader, line: str, shown: str) -> Iterator[None]:
    """Leave a sandbox running, at a port that is free, after comparing what it prints."""
    _archiver, *words = shlex.split(re.sub(r"--port \d+", "--port 0", line))
    with STARTER.start(words, {**reader.environ, "PYTHONPATH": str(ROOT)}) as running:
        try:
            assert running.stdout is not None
            reader.compare(shown, "".join(iter_until("Ctrl-C", running.stdout)))
            yield
        finally:
            running.send_signal(signal.SIGTERM)


def iter_until(word: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines up to the one that has the word."""
    for line in lines:
        yield line
        if word in line:
            return


def follow(page: str, folder: Path, program: str) -> list[Ran]:
    """Follow a page from its first command to its last; raise ``Astray`` where it leads astray."""
    reader = Reader(folder, program)
    (first, shown), *rest = blocks(page)
    ran: list[Ran] = []
    with sandbox(reader, first[0], shown):
        for lines, then in rest:
            printed = ""
            for line in lines:
                code = CODE.search(line)
                typed = reader.in_ones_own_words(CODE.sub("", line))
                said, came = reader.type(typed)
                ran.append(Ran(typed, came, int(code[1]) if code else 0))
                printed += said
                if ran[-1].code != ran[-1].named:
                    raise Astray(f"{ran[-1]}\n{said}")
            reader.compare(then, printed)
    return ran
