"""Nights of one archive in a storm: all that can go wrong does, and nights are killed besides.

Some recordings are spoilt for good. After nights in the storm, one calm night must bring the
archive to the portal's own truth; after the portal is mended, more stormy nights and a calm one
must end clean, and no night may say that it is clean before.
"""

import json
import threading
from collections import Counter
from pathlib import Path
from random import Random

from msgspec import Struct, field

from archiver.domain.outcomes import Outcome
from archiver.manifest.journal import Journal
from archiver.sandbox import Faults, Sandbox
from archiver.sandbox.storm import storm
from archiver.store.local import LocalStore
from tests.campaigns.report import Report
from tests.campaigns.spoilt import Spoilt
from tests.canaries import TOKEN, Search
from tests.pulls import Archive, Ended

SHARE = 0.05
"""Of downloads, of report requests, and of recordings: so many go wrong or are spoilt."""
STORMY = 1
"""So many nights in the storm are let run to their end, before the mending and after it."""
SOONEST_S, RECORDINGS_A_S = 0.3, 500
"""A night is killed between its start and the time in which so many recordings could come."""
ENDS = {0, 3, 4, -9}
"""Clean, with findings, stopped, killed: how a night may end."""


class Storm(Struct):
    """One archive of one portal, night after night."""

    portal: Spoilt
    archive: Archive
    random: Random
    report: Report
    share: float = SHARE
    nights: Counter[int] = field(default_factory=Counter)
    search: Search = field(default_factory=Search)
    false_greens: int = 0

    def blow(self, kills: int) -> None:
        """Live through all of it, and tell the figures."""
        listed = len(self.portal.listed())
        self.rage([True] * kills + [False] * STORMY)
        settled = self.calm_night(3)
        self.tell(settled)
        mended = self.portal.mend()
        self.rage([False] * STORMY)
        self.calm_night(0)
        arrived = len(self.portal.listed()) - listed
        self.report.figures |= {"arrived while listing": arrived, "mended at the portal": mended}
        self.look_back()

    def rage(self, nights: list[bool]) -> None:
        """Let nights pass in the storm; each says whether it is killed."""
        self.archive.sandbox.faults = storm(self.share)
        for killed in nights:
            self.night(killed=killed)

    def calm_night(self, code: int) -> Ended:
        """Let a night pass without the storm; it must bring the archive to the portal's truth."""
        self.archive.sandbox.faults = Faults()
        ended = self.night(killed=False)
        if ended.code != code:
            self.report.bad.append(f"a calm night ended with {ended.code}, not {code}")
        return ended

    def night(self, *, killed: bool) -> Ended:
        """Pull, perhaps until a random moment; look at how it ended and what it printed."""
        before = self.portal.truth().keys()
        with self.archive.pulling() as process:
            latest = SOONEST_S + len(before) / RECORDINGS_A_S
            killer = threading.Timer(self.random.uniform(SOONEST_S, latest), process.kill)
            if killed:
                killer.start()
            ended = self.archive.ended(process)
            killer.cancel()
        self.nights[ended.code] += 1
        self.search.text("what was printed", f"{json.dumps(ended.told)}{ended.err}".encode())
        if ended.code not in ENDS:
            self.report.bad.append(f"a night ended with {ended.code}: {ended.err[-500:]}")
        arrived = self.portal.truth().keys() - before
        self.false_greens += ended.code == 0 and not self.is_green(arrived)
        return ended

    def is_green(self, arrived: set[str]) -> bool:
        """Whether a night may say that it is clean: all is archived as the portal has it.

        What has ``arrived`` meanwhile may have come too late to be listed.
        """
        must = self.portal.must.values()
        findings = any(each.outcome != Outcome.ARCHIVED or each.concerns for each in must)
        return not findings and {*self.portal.wrong(self.archive.states())} <= arrived

    def tell(self, ended: Ended) -> None:
        """Hold what a night told against the portal's own truth."""
        states, truth = self.archive.states(), self.portal.truth()
        listed, terms = ended.told["outcomes"]["listed"], dict(ended.told["outcomes"])
        del terms["listed"]
        equation = f"{listed} = " + " + ".join(f"{n} {name}" for name, n in terms.items())
        if not listed == sum(terms.values()) == len(truth) == len(states):
            self.report.bad.append(f"not accounted for: {equation}; {len(truth)} at the portal")
        if not ended.told["accounted"]:
            self.report.bad.append("a calm night's listing is not proven")
        lost, wrong = truth.keys() - states.keys(), self.portal.wrong(states)
        self.report.bad += [f"{id_!r} is not what it must be: {states.get(id_)}" for id_ in wrong]
        stood = Counter(str(outcome) for outcome, *_ in states.values())
        self.report.figures |= {
            "listed": equation,
            "by the chain": ", ".join(f"{n} {name}" for name, n in sorted(stood.items())),
            "spoilt for good": len(self.portal.must),
            "not as the portal has it": len(wrong),
            "lost": len(lost),
        }

    def look_back(self) -> None:
        """Read the whole archive and all that was printed."""
        wrong = self.portal.wrong(self.archive.states())
        self.report.bad += [f"{id_!r} is not what it must be at last" for id_ in wrong]
        doubled = [id_ for id_, count in self.archived().items() if count > 1]
        self.report.bad += [f"{id_!r} is archived more than once" for id_ in doubled]
        self.search.folder(self.archive.folder)
        self.report.bad += self.search.hits
        checked = self.archive.verified()
        if not checked.is_clean or self.archive.parts():
            self.report.bad.append("verify finds something, or part files are left")
        if self.false_greens:
            self.report.bad.append(f"{self.false_greens} nights ended with 0 and should not")
        counts = self.archive.sandbox.counts
        if counts["credentials"]:
            self.report.bad.append("the media server was sent credentials")
        ends = ", ".join(f"{n} with {code}" for code, n in sorted(self.nights.items()))
        self.report.figures |= {
            "nights": f"{self.nights.total()} ({ends})",
            "requests that went wrong": f"{counts['troubled'] + counts['passing']} of "
            f"{counts['media'] + counts['recordings']}",
            "doubled": len(doubled),
            "false greens": self.false_greens,
            "secrets found": len(self.search.hits),
            "files searched": self.search.files,
            "verify": f"{checked.ok} files as archived, "
            + ("nothing else" if checked.is_clean else "NOT clean"),
        }

    def archived(self) -> Counter[str]:
        """Return how often each recording was entered as archived, and no finding."""
        manifests = Journal(LocalStore(self.archive.folder)).manifests()
        entries = (entry for _, manifest in manifests for entry in manifest.recordings)
        good = (each for each in entries if each.outcome is Outcome.ARCHIVED and not each.concerns)
        return Counter(entry.id for entry in good)


def campaign(  # noqa: PLR0913 - the size of a storm, each by name
    recordings: int,
    kills: int,
    folder: Path,
    report: Report,
    *,
    spoilt: float = SHARE,
    seed: int = 1,
) -> None:
    """Archive a day of ``recordings`` through a storm; tell it in ``report``."""
    portal = Spoilt.day(recordings, spoilt, seed)
    with Sandbox(portal.world, token=TOKEN) as sandbox:
        archive = Archive(sandbox, folder / "archive")
        Storm(portal, archive, Random(seed), report).blow(kills)
