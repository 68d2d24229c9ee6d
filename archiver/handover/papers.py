"""The texts of a hand-over: the letter to the receiver, the check, drafts for courts. Pure.

They are templates beside this module: what stands between two ``@`` is filled in, and nothing else
is touched, so that they can be read as they are.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted
from archiver.domain.times.window import in_words
from archiver.handover.handed_over import Handover, PartFacts, utc_text
from archiver.handover.wrapping import Wrapping

README = "README.txt"
CHECK = "check.sh"
DRAFTS = ("india-bsa-63-part-a.txt", "india-bsa-63-part-b.txt", "us-fre-902-14.txt")
DRAFTS_FOLDER = "court-drafts"
_GAP = re.compile(r"@([A-Z_]+)@")


def paper(name: str, handover: Handover, part: PartFacts, wrapping: Wrapping) -> bytes:
    """Return the letter to the receiver, or the script that checks the hand-over."""
    return _filled(name, _facts(handover, part, wrapping))


def drafts(handover: Handover, part: PartFacts, wrapping: Wrapping) -> dict[str, bytes]:
    """Return drafts of the certificates that courts ask for, by their names."""
    facts = _facts(handover, part, wrapping)
    return {f"{DRAFTS_FOLDER}/{name}": _filled(name, facts) for name in DRAFTS}


def _facts(handover: Handover, part: PartFacts, wrapping: Wrapping) -> Mapping[str, str]:
    return {
        "BY": handover.by,
        "STARTED": utc_text(handover.started),
        "HOST": handover.host,
        "TOOL": handover.tool,
        "EXPORT": handover.export,
        "ARCHIVE": handover.archive,
        "PORTAL": handover.portal,
        "FIRST": str(handover.first),
        "NUMBER": str(handover.head.number),
        "HEAD": handover.head.sha256,
        "TIME": in_words(handover.window),
        "PART": _part(handover, part),
        "RECORDINGS": str(part.recordings),
        "LEFT_OUT": _left_out(handover, part),
        "CSV": part.csv_sha256,
        "LISTED": part.listed_sha256,
        "SEAL": wrapping.seal,
        "LISTS": " ".join(wrapping.lists),
        "SUMS": wrapping.sums,
        "PAYLOAD": wrapping.payload or "./",
    }


def _left_out(handover: Handover, part: PartFacts) -> str:
    """Return how much is not in a part; of several, each names its own."""
    counts = (
        (part.left_out, counted(part.left_out, "recording")),
        (part.days, f"{counted(part.days, 'day')} may be incomplete"),
        (part.sidecars, counted(part.sidecars, "sidecar")),
    )
    what = ", ".join(words for count, words in counts if count)
    told = f"{what}: see left_out.csv" if what else "nothing"
    return f"{told}; each part tells of its own" if handover.in_parts else told


def _part(handover: Handover, part: PartFacts) -> str:
    if not handover.in_parts:
        return "the only part"
    return f"part {part.number}, {'the last' if part.is_last else 'and more follow'}"


def _filled(name: str, facts: Mapping[str, str]) -> bytes:
    return _GAP.sub(lambda gap: printable(facts[gap[1]]), _template(name)).encode()


@cache
def _template(name: str) -> str:
    return (files("archiver.handover") / "templates" / name).read_text("utf-8")
