"""``archiver sandbox``, as a person runs it."""

import signal
import subprocess
import sys
from contextlib import ExitStack

import httpx
import pytest

from archiver.sandbox import Sandbox, World
from archiver.sandbox.switches import switch_on
from tests.clients import get
from tests.pulls import not_ignored

ARCHIVER = (
    sys.executable,
    "-Walways::ResourceWarning",
    "-c",
    "from archiver.cli.main import main; main()",
    "sandbox",
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_until_it_is_told_to_end(number: signal.Signals) -> None:
    wanted = ("--recordings", "20", "--fault", "null-audio=20")
    with ExitStack() as started:
        with not_ignored(number):
            running = started.enter_context(
                subprocess.Popen([*ARCHIVER, *wanted], stdout=subprocess.PIPE, text=True)
            )
        assert running.stdout is not None
        lines = [running.stdout.readline().removeprefix("export ") for _ in range(2)]
        said = dict(line.strip().split("=", 1) for line in lines)
        headers = {"Authorization": f"Bearer {said['ARCHIVER_TOKEN']}"}
        address = f"{said['ARCHIVER_ENDPOINT']}voice/recordings"
        page = get(address, headers=headers).json()["data"]
        running.send_signal(number)
        rest = running.stdout.read()
        assert running.wait(10) == 0
    assert page["total"] == 20
    assert [row["audio"] for row in page["data"]] == [None] * 15
    assert "curl --globoff" in rest


def test_it_lists_its_faults() -> None:
    done = subprocess.run([*ARCHIVER, "--list-faults"], capture_output=True, text=True, check=True)
    assert "null-audio" in done.stdout


def test_a_fault_that_does_not_exist_is_said() -> None:
    done = subprocess.run(
        [*ARCHIVER, "--fault", "earthquake"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "earthquake: there is no such fault." in done.stderr
    with pytest.raises(ValueError, match=r"null-audoi: .* Did you mean null-audio"):
        switch_on(World(1), ("null-audoi",))


def test_a_port_that_is_taken_is_said(sandbox: Sandbox) -> None:
    port = str(httpx.URL(sandbox.endpoint).port)
    done = subprocess.run([*ARCHIVER, "--port", port], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"Port {port} cannot be used" in done.stderr
    assert "ResourceWarning" not in done.stderr
