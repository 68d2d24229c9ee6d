"""The page as a file: it allows its own scripts and nothing else, and its data is only data."""

import base64
import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest

from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.check.audit_report import AuditReport, CheckedBy, FileProblem
from archiver.domain.outcomes import Outcome, Verdict
from archiver.manifest.chain import ChainProblem
from archiver.report.checking import media
from archiver.report.day_states import DayFacts
from archiver.report.findings import SHOWN
from archiver.report.page.html_page import MARK, SCRIPTS, STYLES, html_page
from archiver.report.subject import ShownRows
from tests.archives import MORNING
from tests.conftest import Figure
from tests.report.made import HOSTILE, audit_of, hostile, recording, recordings, subject
from tests.report.pages import PAGE, data_of, marks_of, page_of, page_of_nothing, shell_of, words_of

MANY, TOLD_BY = 50_000, 10_000
MOST_BYTES = 12_000_000
ASSETS = Path(__file__).parents[2] / "archiver" / "report" / "page"


def test_the_policy_allows_what_stands_in_the_page_and_nothing_else() -> None:
    page = page_of_nothing().decode()
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', page)
    assert policy is not None
    parts = dict(part.split(" ", 1) for part in policy[1].split("; "))
    for kind, tag in (("script-src", "script"), ("style-src", "style")):
        inline = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in inline)
        assert parts[kind].split() == [f"'sha256-{digest.decode()}'" for digest in digests]
    assert parts["default-src"] == "'none'"
    assert parts["media-src"] == "'self' file:"
    assert not re.search(
        r"(?i)<(link|img|iframe|object|embed|base)\b|\bsrc=|\bon[a-z]+=|@import", page
    )
    assert not re.search(r"https?://(?!www\.w3\.org/)", page), "no address but the name of SVG"


def test_a_page_from_a_bucket_may_load_nothing_at_all() -> None:
    page = html_page({"recordings": {}}, plays=False).decode()
    assert "media-src 'none'" in page


def test_its_parts_are_files_of_the_project_as_they_are() -> None:
    page = page_of_nothing().decode()
    assert page.encode().startswith(MARK)
    named = {*SCRIPTS, *STYLES, "report.html"}
    assert {each.name for each in ASSETS.iterdir() if each.suffix not in {".py", ""}} == named
    for name in (*SCRIPTS, *STYLES):
        assert (ASSETS / name).read_text("utf-8") in page


def test_no_script_makes_markup_of_text() -> None:
    made = r"(inner|outer|Adjacent)HTML|document\.write|eval\(|new Function|DOMParser|srcdoc"
    told = {name: re.findall(made, (ASSETS / name).read_text("utf-8")) for name in SCRIPTS}
    assert {name: found for name, found in told.items() if found} == {}


def test_what_was_served_is_in_the_data_alone(figure: Figure) -> None:
    page = page_of(subject(hostile()), shows_numbers=True)
    assert shell_of(page) == shell_of(page_of_nothing())
    agents = words_of(data_of(page)["recordings"]["agent"])
    assert len(agents) == len(HOSTILE)
    assert all(text.isprintable() for text in agents), "nothing in them acts on a reader"
    assert agents[0] == HOSTILE[0], "what is only text stays as it was served"
    figure("X12", f"hostile names on a page {len(agents)}, outside its data 0, not printable 0")


def test_the_same_archive_gives_the_same_page() -> None:
    one = subject(recordings(20))
    assert page_of(one) == page_of(one)


def test_a_page_of_50_000_recordings_is_small(figure: Figure) -> None:
    """Told by a fifth of them."""
    page = page_of(subject(recordings(TOLD_BY)), shows_numbers=True)
    data = data_of(page)
    assert len(data["recordings"]["id"]) == TOLD_BY
    assert len(data["findings"]["rows"]) == TOLD_BY // 500
    size = len(page) * MANY // TOLD_BY
    assert size < MOST_BYTES
    figure("report", f"page of {MANY:,} recordings: less than {size / 1e6:.1f} MB")


@pytest.mark.parametrize(
    ("archive", "page", "base"),
    [
        ("/srv/calls", "/srv/report.html", "calls/"),
        ("/srv/calls", "/srv/pages/report.html", "../calls/"),
        ("/srv/our calls #1?", "/srv/report.html", "our%20calls%20%231%3F/"),
        ("/srv/a:b", "/srv/report.html", "a%3Ab/"),
    ],
)
def test_a_file_is_found_beside_the_page(archive: str, page: str, base: str) -> None:
    told = media(archive, Path(page))
    assert (told["playable"], told["base"]) == (True, base)


def test_from_a_bucket_a_command_is_named_instead() -> None:
    told = media("s3://calls/2026", PAGE)
    assert told["playable"] is False
    assert told["check"] == "aws s3 cp s3://calls/2026/PATH - | sha256sum"
    assert told["get"] == "archiver get ID --archive s3://calls/2026"


def test_a_broken_chain_is_the_first_thing_said_and_nothing_is_verified() -> None:
    rows = recordings(3)
    audit = audit_of(rows, CheckedBy.READ)
    audit.chain.append(ChainProblem("manifests/00000003.json", 4, "it was changed"))
    page = page_of(subject(rows, audit=audit))
    first = data_of(page)["state"][0]
    assert (first["level"], first["title"]) == ("bad", "The chain is NOT as it was written")
    assert {*marks_of(page)} == {"Not checked"}


def test_files_that_were_not_read_are_said_so_and_no_state_is_green_for_them() -> None:
    rows = recordings(3)
    page = page_of(subject(rows, by=CheckedBy.SIZE))
    files = data_of(page)["state"][1]
    assert (files["level"], files["title"]) == ("plain", "Files were not read")
    assert {*marks_of(page)} == {"Not checked"}


def without_a_file() -> tuple[list[FoundRow], AuditReport]:
    """Return three recordings, and a check that found the audio of one to be missing."""
    rows = recordings(3)
    assert rows[1].audio
    audit = audit_of(rows, CheckedBy.SIZE)
    audit.missing.append(FileProblem(rows[1].audio.path, "it is not there"))
    return rows, audit


def test_a_missing_file_is_a_finding_with_the_command_that_brings_it_back() -> None:
    rows, audit = without_a_file()
    data = data_of(page_of(subject(rows, audit=audit)))
    files = data["state"][1]
    assert (files["level"], files["text"].split(".")[0]) == ("bad", "1 missing")
    (finding,) = data["findings"]["rows"]
    assert (finding["row"], finding["kind"]) == (1, "file missing")
    assert finding["command"] == "archiver repair --archive /srv/calls"


def test_every_part_of_a_page_counts_findings_and_files_in_the_same_words() -> None:
    rows, audit = without_a_file()
    data = data_of(page_of(subject(rows, audit=audit)))
    said, open_, section = data["state"][2], data["totals"][-1], data["findings"]["note"]
    words = "0 open findings; 1 file is not as archived"
    assert (said["level"], said["title"], section) == ("bad", words, f"{words}.")
    note = "0 in the archive; 1 file is not as archived"
    assert (open_["value"], open_["note"]) == ("0", note)
    rows += [recording(9, outcome=Outcome.GONE, verdict=None)]
    said = data_of(page_of(subject(rows, audit=audit)))["state"][2]
    assert said["title"] == "1 open finding; 1 file is not as archived"
    assert said["text"] == "A person is needed; all of them are on this page."


def test_what_was_erased_is_no_recording_that_is_not_held() -> None:
    rows = [*recordings(3), recording(8, outcome=Outcome.ERASED, verdict=None)]
    held, share, *_ = data_of(page_of(subject(rows)))["totals"]
    assert held["note"] == "1 erased, 0 not held"
    assert (share["value"], share["note"]) == ("100 %", "3 ever listed and not erased")


def test_each_finding_has_its_reason_and_its_command() -> None:
    rows = [
        recording(1, outcome=Outcome.QUARANTINED, verdict=Verdict.TRUNCATED, id_="it's; rm -rf"),
        recording(2),
    ]
    (finding,) = data_of(page_of(subject(rows)))["findings"]["rows"]
    assert finding["why"].startswith("measured")
    quoted = "'it'\"'\"'s; rm -rf'"
    assert finding["command"] == f'archiver accept {quoted} --reason "…" --archive /srv/calls'


def test_findings_that_are_not_shown_are_told() -> None:
    rows = [recording(n, outcome=Outcome.GONE, verdict=None) for n in range(SHOWN + 5)]
    findings = data_of(page_of(subject(rows)))["findings"]
    assert len(findings["rows"]) == SHOWN
    assert findings["note"].startswith(f"The first {SHOWN} of {SHOWN + 5} findings")
    assert "archiver verify has all of files" in findings["note"]


def test_a_selection_says_that_it_is_one_and_what_may_be_missing() -> None:
    chosen = ShownRows("verdict truncated", 2, 1, days_still_coming=[MORNING.date()])
    said = data_of(page_of(subject(recordings(3), selection=chosen)))["state"][-1]
    assert said["level"] == "bad"
    assert "2 others may belong here" in said["text"]
    assert "1 id is not in the archive" in said["text"]
    assert "1 day that was named may still get recordings" in said["text"]
    assert f"({MORNING:%Y-%m-%d})" in said["text"]
    assert not ShownRows("day yesterday", days_still_coming=[MORNING.date()]).is_whole


def test_a_page_of_the_whole_archive_names_the_days_that_may_lack_recordings() -> None:
    days = [MORNING.date() + timedelta(days=each) for each in (0, 1, 3)]
    data = data_of(page_of(subject(recordings(3), selection=ShownRows(days_not_whole=days))))
    said = data["state"][-1]
    assert (said["level"], said["title"]) == ("bad", "The archive may lack recordings")
    assert f"3 days are not listed to the end ({days[0]} to {days[1]}, {days[2]})" in said["text"]
    assert data["findings"]["note"].endswith("recordings may be missing.")


def test_a_page_of_an_archive_in_which_no_run_entered_anything_says_that() -> None:
    data = data_of(page_of(subject([], selection=ShownRows(is_unbegun=True))))
    said = data["state"][-1]
    assert (said["level"], said["text"]) == ("bad", "No run has entered anything yet.")
    assert data["findings"]["note"] != "Nothing on this page needs a person."


def test_only_settled_days_and_the_days_shown_are_spoken_of() -> None:
    listed = DayFacts(MORNING.date(), 0, 0, 0, is_settled=False, is_doubtful=False, is_over=False)
    _, _, findings, days = data_of(page_of(subject(recordings(1), days=[listed])))["state"]
    assert findings["title"] == "No recording is an open finding"
    assert findings["text"].endswith("nor is the listing of a day shown here.")
    assert days["title"] == "0 of 1 day settled"


def test_a_share_is_never_rounded_up_to_the_whole() -> None:
    rows = [*recordings(499), recording(1_000, outcome=Outcome.GONE, verdict=None)]
    totals = data_of(page_of(subject(rows * 5)))["totals"]
    assert totals[1]["value"] == "99.8 %"
    nearly = [recording(1_000, outcome=Outcome.GONE, verdict=None), *[recording(1)] * 19_999]
    assert data_of(page_of(subject(nearly)))["totals"][1]["value"] == "99.9 %"


def test_what_lies_far_apart_is_marked_in_the_plot_the_farthest_first() -> None:
    rows = [
        recording(1, reported_ms=60_000, measured_ms=50_000),
        recording(2, reported_ms=60_000, measured_ms=60_500),
        recording(3, reported_ms=60_000, measured_ms=1_000),
        recording(4, reported_ms=None),
        recording(5, measured_ms=0),
    ]
    plot = data_of(page_of(subject(rows)))["plot"]
    assert plot["outliers"] == [2, 0]
    assert plot["note"].startswith("3 recordings with both lengths; 2 have only one")
