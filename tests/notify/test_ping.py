"""A ping against services that dribble, promise too much, or are behind a proxy."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

from archiver.notify.ping import TRIES, TRY_S, Pings
from archiver.secret import Secret
from tests.media.scripted import Answer, End, Scripted, always, whole

CHECK = "/5ec2e7-check"


def started(url: str, **how: object) -> list[str]:
    """Ping once and return what is warned of."""
    warnings: list[str] = []
    Pings(Secret(url + CHECK), warnings.append, **how).start()  # type: ignore[arg-type]  # as given
    assert CHECK not in "".join(warnings)
    return warnings


def hurrying() -> Callable[[], float]:
    """Return a clock on which every look takes a ninth of a try."""
    return itertools.count(0, TRY_S / 9).__next__


def dribble(server: Scripted) -> Iterator[bytes]:
    """Send headers a byte at a time, until nobody listens."""
    while not server.done.is_set():
        yield b"x"
        server.done.wait(0.001)


def test_an_answer_that_dribbles_in_is_given_up() -> None:
    with Scripted(lambda _asked: Answer(100, {"x": "y"}, dribble(server))) as server:
        (warning,) = started(server.url, clock=hurrying())
        assert "no answer in time" in warning
        assert len(server.asked) == TRIES


def test_of_an_answer_only_the_status_is_read() -> None:
    """The body that is promised never comes, and the clock says that any wait is too long."""
    with Scripted(always(Answer(200, {"content-length": "9000000000"}))) as server:
        assert started(server.url, clock=hurrying()) == []
        assert len(server.asked) == 1


def test_an_answer_that_makes_no_sense_is_no_success() -> None:
    with Scripted(always(Answer(200, version="nonsense", end=End.CLOSE))) as server:
        (warning,) = started(server.url)
        assert "no connection" in warning


def test_a_ping_goes_through_the_proxy() -> None:
    with Scripted(always(whole(b"OK"))) as proxy:
        assert started("http://check.invalid", proxy=Secret(proxy.url)) == []
    (asked,) = proxy.asked
    assert asked.target.startswith(f"http://check.invalid{CHECK}/start?rid=")


def test_certificates_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    (warning,) = started("https://check.invalid", ca_bundle=tmp_path / "none.pem")
    assert "ca_bundle cannot be used: No such file or directory. The run goes on" in warning
