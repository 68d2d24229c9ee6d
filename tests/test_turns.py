"""Threads that archive take turns: one computes, and the others go on while it waits."""

import io
import os
import threading
from pathlib import Path

import pytest

from archiver.audio.measure import measure
from archiver.concurrency import turns
from archiver.concurrency.stop import StopToken
from archiver.concurrency.threads import Threads
from archiver.concurrency.turns import others_turn, turn
from archiver.domain.audio_facts import Facts
from archiver.domain.recordings import RecordingId, Report
from archiver.errors import TokenRefused
from archiver.manifest.model import Entry
from archiver.manifest.state import RecordingState
from archiver.media.allow_list import AllowList
from archiver.media.media_client import MediaClient
from archiver.media.transfer import FetchedBody, Transfer
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.walk import Listed
from archiver.portal.wire.answers import Page
from archiver.pull.job import judging
from archiver.pull.job.done import Done
from archiver.pull.job.links import Links
from archiver.pull.ledger.ledger import Ledger
from archiver.secret import Secret
from archiver.store.disk.folders import sync_folder_at
from tests.archives import MORNING, row
from tests.media.scripted import Answer, Asked, Scripted, whole
from tests.pulls import Archive, portal

LONG_S = 10.0
"""No thread of these tests waits so long, unless it would for ever."""


def test_one_of_many_has_the_turn(tmp_path: Path) -> None:
    begun_and_ended: list[int] = []

    def work(number: int) -> None:
        for _ in range(200):
            with turn():
                begun_and_ended.append(number)
                tmp_path.stat()  # any thread may go on here, as far as Python is concerned
                begun_and_ended.append(number)

    threads = Threads(8, "works")
    threads.map(work, range(8))
    threads.end(LONG_S)
    assert begun_and_ended[::2] == begun_and_ended[1::2]


def test_while_one_waits_another_has_the_turn() -> None:
    done = threading.Event()

    def work() -> None:
        with turn():
            done.set()

    with turn():
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        with others_turn():
            assert done.wait(LONG_S)
    thread.join()


def test_who_has_no_turn_takes_none_by_waiting() -> None:
    with others_turn():
        pass
    with pytest.raises(ZeroDivisionError), turn(), others_turn():
        raise ZeroDivisionError
    threads = Threads(2, "works")
    assert threads.submit(_has_its_turn).result(LONG_S)
    threads.end(LONG_S)


def _has_its_turn() -> bool:
    with turn():
        return True


def test_others_go_on_while_a_media_host_is_waited_for() -> None:
    both_asked = threading.Barrier(2, timeout=LONG_S)

    def answer(_asked: Asked) -> Answer:
        both_asked.wait()
        return whole(b"audio")

    def fetch(_number: int) -> FetchedBody:
        with turn():
            link = Secret(f"{server.url}/audio.mp3")
            return media.fetch(Transfer(1_000), link, io.BytesIO())

    with Scripted(answer) as server:
        hosts = AllowList.of(f"{server.url}/api/v2/", [])
        with MediaClient(hosts, StopToken()) as media:
            threads = Threads(2, "fetches")
            assert [each.bytes for each in threads.map(fetch, range(2))] == [5, 5]
            threads.end(LONG_S)


def test_others_go_on_while_a_disk_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_sync = threading.Barrier(2, timeout=LONG_S)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: both_sync.wait())

    def work(folder: Path) -> None:
        with turn():
            sync_folder_at(folder)

    threads = Threads(2, "syncs")
    threads.map(work, [tmp_path, tmp_path])
    threads.end(LONG_S)
    assert not both_sync.broken


def test_others_go_on_while_a_link_is_renewed() -> None:
    threads = Threads(1, "works")

    def fetch(_asks: object) -> tuple[Page, ...]:
        assert threads.submit(_has_its_turn).result(LONG_S)
        raise TokenRefused("enough was asked")

    links = Links(
        (Listed(row("1"), PageQuery.first(Report.RECORDINGS, None)),),
        fetch=fetch,
        behaviour=PortalBehaviour(MORNING),
        now=lambda: MORNING,
    )
    with pytest.raises(TokenRefused), turn():
        links.renew(RecordingId("1"), Secret("https://media.example/a?stale=1"))
    threads.end(LONG_S)


def test_a_pull_judges_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[Path] = []
    at_once: list[int] = []

    def noted(path: Path) -> Facts:
        inside.append(path)
        facts = measure(path)
        at_once.append(len(inside))
        inside.remove(path)
        return facts

    monkeypatch.setattr(judging, "measure", noted)
    with portal(40) as sandbox:
        alone = {"ARCHIVER_PROCESSES": "1", "ARCHIVER_WORKERS": "8"}
        ended = Archive(sandbox, tmp_path / "archive", alone).pull_here()
    assert ended.code == 0
    assert len(at_once) == 40
    assert max(at_once) == 1


def test_what_came_of_a_recording_is_entered_in_a_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    had_turn: list[bool] = []
    settle = Ledger.settle

    def noted(ledger: Ledger, done: Done, known: RecordingState | None) -> tuple[Entry, bool]:
        had_turn.append(turns._this.has_turn)  # noqa: SLF001 - nothing else tells
        return settle(ledger, done, known)

    monkeypatch.setattr(Ledger, "settle", noted)
    with portal(3) as sandbox:
        ended = Archive(sandbox, tmp_path / "archive").pull_here()
    assert (ended.code, had_turn) == (0, [True] * 3)
