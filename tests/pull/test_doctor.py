"""The check-up: each trouble is found by the check that it belongs to, and by no other."""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.audio.verdict import judge
from archiver.concurrency.stop import StopToken
from archiver.config.registry import BY_NAME, over, parse
from archiver.config.settings import DEFAULTS, Auth
from archiver.doctor import first_pages
from archiver.doctor.checkup import REMOTE, Doctor, check_rate
from archiver.doctor.sampling import SampledRecording, Samples, check_lengths
from archiver.domain.audio_facts import Facts
from archiver.domain.checks import Check, CheckStatus, exit_code, not_run
from archiver.domain.outcomes import Tolerance
from archiver.domain.recordings import Report
from archiver.errors import ExitCode, NoAnswer, UsageError
from archiver.http.retry import Backoff
from archiver.media.allow_list import AllowList
from archiver.media.media_client import MediaClient, Rhythm
from archiver.portal.client import Client
from archiver.portal.http_errors import final
from archiver.portal.session import PortalSession
from archiver.sandbox import (
    ClockFaults,
    Faults,
    FilterFaults,
    PageFaults,
    Sandbox,
    Trouble,
    Troubled,
    World,
)
from archiver.sandbox.world.blemish import Blemish, blemish
from archiver.store.local.folder_check import check_folder
from tests.conftest import Figure
from tests.portal.quick import TOKEN, quick
from tests.sandbox.clocks import FIRST, LAST, Clock

CLOCK = Clock()


@pytest.fixture
def world() -> World:
    world = World(seed=7)
    world.add(count=20, first=FIRST, last=LAST, seconds=(7, 12))
    return world


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    with Sandbox(world, token=TOKEN, now=CLOCK) as sandbox:
        yield sandbox


def checkup(
    sandbox: Sandbox, token: str = TOKEN, *, hosts: AllowList | None = None, **changes: object
) -> dict[str, Check]:
    """Return all checks of a sandbox by name, in the order they were made."""
    settings = DEFAULTS
    for name, value in {"endpoint": sandbox.endpoint, **changes}.items():
        settings = over(settings, BY_NAME[name].path, value)
    allowed = hosts or AllowList.of(settings.portal.endpoint, [])
    rhythm = Rhythm(backoff=Backoff(attempts=1))
    with (
        quick(settings.portal.endpoint, token, auth=settings.portal.auth) as client,
        MediaClient(allowed, StopToken(), rhythm=rhythm) as media,
    ):
        checks = [*Doctor(client, media, settings).examine()]
    assert sorted(check.name for check in checks) == sorted(REMOTE)
    told = " ".join(check.found + check.advice for check in checks)
    assert not [secret for secret in (TOKEN, token, "X-Amz-", "447700900") if secret in told]
    return {check.name: check for check in checks}


def states(checks: dict[str, Check]) -> dict[str, list[str]]:
    """Return the names of the checks that are not ok, by state."""
    found: dict[str, list[str]] = {}
    for check in checks.values():
        if check.state is not CheckStatus.OK:
            found.setdefault(check.state, []).append(check.name)
    return found


@pytest.mark.parametrize("shape", ["nested", "resource", "flat"])
def test_a_portal_in_order_passes_every_check(shape: str, world: World) -> None:
    with Sandbox(world, token=TOKEN, now=Clock(CLOCK.moment), shape=shape) as sandbox:
        checks = checkup(sandbox)
    assert states(checks) == {"fail": ["clock"]}
    assert "behind" not in checks["clock"].found
    assert checks["rows"].found == "20 recordings are listed."
    assert checks["media"].found.startswith(f"{20 if shape == 'flat' else 15} of ")
    assert checks["zone"].found == "The portal's times are UTC+00:00 (inferred)."


def test_a_portal_that_tells_todays_time_has_the_clock_right(world: World) -> None:
    with Sandbox(world, token=TOKEN) as sandbox:
        assert states(checkup(sandbox)) == {}


@pytest.mark.parametrize(
    ("faults", "found"),
    [
        (Faults(filter=FilterFaults(whole_days=True)), "Dates are honoured, times of day are not."),
        (
            Faults(filter=FilterFaults(times_unreadable=True)),
            "Dates are honoured, times of day are not.",
        ),
        (Faults(filter=FilterFaults(ignored=True)), "Dates are not honoured."),
        (Faults(filter=FilterFaults(dates_unreadable=True)), "Dates are not honoured."),
    ],
)
def test_what_the_filter_honours_is_found_out(sandbox: Sandbox, faults: Faults, found: str) -> None:
    sandbox.faults = faults
    checks = checkup(sandbox)
    assert (checks["filter"].state, checks["filter"].found) == (CheckStatus.WARN, found)


def test_a_filter_is_judged_though_there_is_one_recording_only() -> None:
    world = World()
    world.add(count=1, first=FIRST, last=LAST)
    with Sandbox(
        world, Faults(filter=FilterFaults(whole_days=True)), token=TOKEN, now=CLOCK
    ) as sandbox:
        assert "times of day are not" in checkup(sandbox)["filter"].found
        sandbox.faults = Faults(filter=FilterFaults(ignored=True))
        assert "Dates are not honoured" in checkup(sandbox)["filter"].found


def test_a_refused_token_is_the_tokens_fault(sandbox: Sandbox) -> None:
    checks = checkup(sandbox, "another-canary")
    assert [*checks][:2] == ["portal", "token"]
    assert checks["token"].state is CheckStatus.FAIL
    assert checks["answer"] == Check(
        "answer", CheckStatus.NOT_RUN, "The check of the token failed."
    )
    assert exit_code(checks.values()) is ExitCode.STOPPED


def test_a_403_asks_for_this_address_to_be_whitelisted(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(pages=PageFaults(errors=10, error_status=403))
    checks = checkup(sandbox)
    assert states(checks)["fail"] == ["token"]
    assert "whitelist this machine's public address" in checks["token"].advice


def test_a_web_page_is_no_answer(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(pages=PageFaults(body=b"<!DOCTYPE html><title>Sign in</title>"))
    checks = checkup(sandbox)
    assert states(checks)["fail"] == ["answer"]
    assert checks["portal"].state is CheckStatus.OK
    assert "a web page instead of JSON" in checks["answer"].found


def test_a_portal_that_is_not_there_stops_every_check(sandbox: Sandbox) -> None:
    sandbox.close()
    checks = checkup(sandbox)
    assert states(checks) == {"fail": ["portal"], "not run": [*REMOTE[1:]]}
    assert "Cannot reach the portal at" in checks["portal"].found


def test_a_token_in_the_address_only_is_worth_a_setting(world: World) -> None:
    with Sandbox(world, token=TOKEN, auth="query") as sandbox:
        assert checkup(sandbox)["token"].advice.startswith('Set auth = "query"')
        assert states(checkup(sandbox, auth=Auth.QUERY)) == {}


def test_a_wrong_clock_and_a_wrong_zone_are_noticed() -> None:
    world = World(seed=3, utc_offset_minutes=330)
    world.add(count=5, first=FIRST, last=LAST)
    with Sandbox(world, Faults(clock=ClockFaults(skew_seconds=7_200)), token=TOKEN) as sandbox:
        checks = checkup(sandbox, utc_offset=60)
        inferred = checkup(sandbox)
    assert states(checks) == {"fail": ["clock"], "warn": ["zone"]}
    assert checks["clock"].found in {
        f"This machine is {n} s behind the portal." for n in range(7_199, 7_202)
    }
    assert checks["zone"].found == "utc_offset is set to +01:00, but the rows show +05:30."
    assert inferred["zone"].found == "The portal's times are UTC+05:30 (inferred)."


def test_rows_without_version_1_ids_leave_the_zone_unknown(sandbox: Sandbox, world: World) -> None:
    for number, recording in enumerate(list(world.recordings)):
        world.edit(recording.id, id=number)
    checks = checkup(sandbox)
    assert "can't be told" in checks["zone"].found


def test_an_empty_portal_has_no_clean_run() -> None:
    with Sandbox(World(), token=TOKEN) as sandbox:
        checks = checkup(sandbox)
    assert states(checks) == {
        "fail": ["rows", "calls"],
        "not run": ["zone", "filter", "media", "lengths"],
    }
    assert exit_code(checks.values()) is ExitCode.FINDINGS


def test_rows_without_a_time_or_a_link(sandbox: Sandbox, world: World) -> None:
    for recording in list(world.recordings):
        world.edit(recording.id, created_at=None, audio=None)
    checks = checkup(sandbox)
    assert checks["rows"].found == "20 recordings are listed; 15 of 15 without a time."
    assert checks["rows"].state is CheckStatus.FAIL
    assert states(checks)["not run"] == ["filter", "media", "lengths"]


def test_one_row_without_a_time_is_worth_a_word(sandbox: Sandbox, world: World) -> None:
    world.edit(list(world.recordings)[-1].id, created_at=None)
    rows = checkup(sandbox)["rows"]
    assert rows.state is CheckStatus.WARN
    assert rows.found == "20 recordings are listed; 1 of 15 without a time."


def test_the_call_log_is_asked_for_only_where_it_is_archived(
    sandbox: Sandbox, figure: Figure
) -> None:
    assert checkup(sandbox)["calls"].found.endswith(" listed.")
    asked = sandbox.counts["calls"]
    assert checkup(sandbox, calls=False)["calls"].state is CheckStatus.NOT_RUN
    assert (asked, sandbox.counts["calls"]) == (2, 2)
    figure("G42", f"requests of doctor for the call log: {asked}; with calls = no: 0")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_call_log_that_is_refused_fails_as_a_pull_does(status: int, sandbox: Sandbox) -> None:
    def refusing(client: Client, report: Report, utc_offset: int | None) -> PortalSession:
        assert (client.requests > 0, report, utc_offset) == (True, Report.CALLS, 0)
        raise final(status, "")

    with mock.patch.object(first_pages, "open_session", refusing):
        checks = checkup(sandbox)
    assert (checks["calls"].state, checks["calls"].exit_code) == ("fail", ExitCode.STOPPED)
    assert checks["calls"].advice.endswith("If there is no call log for you, set calls = no.")
    assert checks["lengths"].state is CheckStatus.OK, "the rest is checked all the same"


def test_a_call_log_that_was_never_asked_is_not_said_to_be_none(sandbox: Sandbox) -> None:
    gone = NoAnswer("Cannot reach the portal.", advice="Check the network.")
    with mock.patch.object(first_pages, "open_session", side_effect=gone):
        checks = checkup(sandbox)
    assert checks["calls"].advice == "Check the network."


def test_a_media_host_that_is_not_allowed_names_the_setting(sandbox: Sandbox) -> None:
    checks = checkup(sandbox, hosts=AllowList.of("https://portal.example/api/v2/", []))
    port = sandbox.media_host.partition(":")[2]
    assert checks["media"].state is CheckStatus.FAIL
    assert f'media_hosts = ["http://127.0.0.1:{port}"]' in checks["media"].advice
    assert exit_code(checks.values()) is ExitCode.FINDINGS
    assert sandbox.counts["media"] == 0


def test_a_media_host_that_fails_is_asked_once(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(media=(Troubled(Trouble.SERVER_ERROR),))
    assert checkup(sandbox)["media"].exit_code is ExitCode.STOPPED
    assert sandbox.counts["media"] == 1


def test_missing_and_broken_recordings_are_warned_of(sandbox: Sandbox, world: World) -> None:
    newest = list(world.recordings)[-1]
    blemish(world, newest, Blemish.TRUNCATED)
    broken = checkup(sandbox)["media"]
    assert broken.state is CheckStatus.WARN
    assert "1 of them not found whole: " in broken.found
    blemish(world, newest, Blemish.MISSING)
    gone = checkup(sandbox)["media"]
    assert gone.found.startswith("14 of 15 recent recordings came from 127.0.0.1. ")


def test_nothing_of_a_sample_is_left(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert checkup(sandbox)["media"].state is CheckStatus.OK
    assert list(tmp_path.iterdir()) == []


def samples(*apart_ms: int, reported_ms: int = 60_000) -> Samples:
    """Return whole samples that are so much longer than reported."""
    made = []
    for apart in apart_ms:
        facts = Facts("mp3", "mp3", 4_000, reported_ms + apart, 9, None, 8_000, 1, "frames")
        made.append(
            SampledRecording("media", reported_ms, facts, judge(facts, reported_ms, Tolerance()))
        )
    return Samples(tuple(made), ())


def test_lengths_that_agree_ask_for_nothing() -> None:
    check = check_lengths(samples(-300, 100, 400), Tolerance())
    assert check.state is CheckStatus.OK
    assert "+0.1 s (median), from -0.3 s to +0.4 s." in check.found


def test_one_odd_length_is_no_reason_to_be_more_tolerant() -> None:
    check = check_lengths(samples(0, 0, 46_000), Tolerance())
    assert (check.state, "tolerance =" in check.advice) == (CheckStatus.WARN, False)


@given(st.lists(st.integers(-50_000, -4_000), min_size=1, max_size=20))
def test_a_proposed_tolerance_can_be_set_and_holds_for_most(apart: list[int]) -> None:
    taken = samples(*apart, reported_ms=100_000)
    proposed = check_lengths(taken, Tolerance()).advice.partition('"')[2].partition('"')[0]
    settings, problems = parse({"tolerance": proposed}, str)
    assert problems == ()
    assert check_lengths(taken, settings.tolerance).advice.count("tolerance =") == 0
    assert sum(settings.tolerance.allows(100_000, 100_000 + ms) for ms in apart) >= 0.9 * len(apart)


def test_a_folder_is_tried_and_nothing_left_behind(tmp_path: Path) -> None:
    before = tmp_path.stat().st_nlink, list(tmp_path.iterdir())
    check = check_folder(tmp_path / "deep" / "archive")
    assert check.state in {CheckStatus.OK, CheckStatus.WARN}
    assert check.found.startswith(f"{tmp_path} can be written; ")
    assert (tmp_path.stat().st_nlink, list(tmp_path.iterdir())) == before


def test_a_folder_that_can_not_be_written_fails(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    check = check_folder(file / "archive")
    assert (check.state, check.exit_code) == (CheckStatus.FAIL, ExitCode.USAGE)


def test_a_read_only_folder_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, _mode: int) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(os, "mkdir", refuse)
    assert "permission was denied" in check_folder(tmp_path).found


def test_the_rate_is_held_against_the_portals() -> None:
    assert check_rate(500).state is CheckStatus.OK
    assert check_rate(1_001).advice.startswith("Set rate = 500")


def test_the_first_failure_decides_the_exit_code() -> None:
    failed = Check.fail("settings", UsageError("No."))
    warned = Check.warn("rate", "High.", "Lower it.")
    assert exit_code([warned, *not_run(["token"], "No.")]) is ExitCode.CLEAN
    assert exit_code([warned, failed]) is ExitCode.USAGE
