"""As many threads as may have their files open, and the limit raised only where that helps."""

import resource

import pytest

from archiver.app.pulling.open_files import workers_for

ANY = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "workers", "raised"),
    [
        (1_024, 4_096, 20, None),
        (64, 4_096, 20, 176),
        (64, ANY, 20, 176),
        (ANY, ANY, 20, None),
        (64, 64, 6, None),
        (32, 100, 10, 100),
        (8, 8, 1, None),
    ],
)
def test_the_limit_decides_how_many_threads_there_are(
    soft: int, hard: int, workers: int, raised: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: set_to.append(limits))

    assert workers_for(20) == workers

    assert set_to == ([] if raised is None else [(raised, hard)])
