"""Headless Chromium, driven by the WebDriver protocol: a page is opened and typed at."""

import base64
import contextlib
import http.client
import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The name under which the protocol hands elements about."""
KEYS = {
    "Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Shift": "\ue008",
}  # fmt: skip
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--force-color-profile=srgb",
    "about:blank",
)
PROGRAMS = ("chromium", "chromedriver")
TIMEOUT_S = 120
_WAIT = """
const done = arguments[0];
const isUsable = () => document.documentElement.dataset.usable;
const isBroken = () => !document.getElementById("broken").hidden;
const look = () => (isUsable() || isBroken() ? done() : setTimeout(look, 5));
look();
"""


def missing() -> list[str]:
    """Return the programs that are not installed here."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


class Browser(Struct):
    """A session of a browser; what it asks the network for is kept in ``requested``."""

    connection: http.client.HTTPConnection
    driver: int = 0
    session: str = ""
    requested: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - whatever the driver answers
        """Send one command of the protocol and return its value; raises ``RuntimeError``."""
        self.connection.request(
            method, path, json.dumps(body or {}), {"Content-Type": "application/json"}
        )
        answer = json.loads(self.connection.getresponse().read())["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(f"{path}: {answer['message']}")
        return answer

    def post(self, path: str, **body: object) -> Any:  # noqa: ANN401 - as above
        return self.ask("POST", f"/session/{self.session}/{path}", body)

    def cdp(self, command: str, **parameters: object) -> Any:  # noqa: ANN401 - as above
        """Send a command of the browser's own tools."""
        return self.post("goog/cdp/execute", cmd=command, params=parameters)

    def open(self, page: Path) -> None:
        """Open a page's file and wait until it can be used."""
        self.post("url", url=page.resolve().as_uri())
        self.run_async(_WAIT)

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - as above
        """Run a function's body in the page and return what it returns."""
        return self.post("execute/sync", script=script, args=list(arguments))

    def run_async(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - as above
        """Run a function's body that calls its last argument when it is done."""
        return self.post("execute/async", script=script, args=list(arguments))

    def text(self, selector: str) -> str:
        """Return what an element shows."""
        return str(self.run("return document.querySelector(arguments[0]).innerText", selector))

    def click(self, selector: str) -> None:
        """Click an element, as a person would: it must be there to be clicked."""
        element = self.post("element", using="css selector", value=selector)[ELEMENT]
        self.post(f"element/{element}/click")

    def press(self, *keys: str) -> None:
        """Press keys one after the other, on whatever has the focus; names or characters."""
        actions: list[dict[str, str]] = []
        for key in keys:
            code = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": code}, {"type": "keyUp", "value": code}]
        self.post("actions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def focused(self) -> str:
        """Return what has the focus: its id, else its name by role or text."""
        return str(self.run(
            "const e = document.activeElement;"
            "return e.id || e.getAttribute('aria-label') || e.textContent.trim().slice(0, 60)"
        ))  # fmt: skip

    def console(self) -> list[str]:
        """Return what the console told since it was asked last, and note what was requested."""
        for entry in self.post("se/log", type="performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requested.append(message["params"]["request"]["url"])
        return [entry["message"] for entry in self.post("se/log", type="browser")]

    def renderers_bytes(self) -> list[int]:
        """Return the memory of each process that shows a page, its share of what is shared."""
        return [*map(_memory_bytes, _renderers(self.driver))]

    def size(self, width: int, height: int) -> None:
        """Have a window of this size, in pixels."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 600)  # fmt: skip

    def scheme(self, name: str) -> None:
        """Prefer ``light`` or ``dark``."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self.cdp("Emulation.setEmulatedMedia", features=[feature])

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Save what is seen, or the whole page, as a PNG."""
        shot = self.cdp("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def paper(self, path: Path) -> None:
        """Save the page as it is printed, as a PDF."""
        path.write_bytes(base64.b64decode(self.cdp("Page.printToPDF")["data"]))


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser without a window, on nobody's profile, and end it."""
    with tempfile.TemporaryDirectory() as profile, _driver() as driver:
        connection = http.client.HTTPConnection("127.0.0.1", driver.port, timeout=TIMEOUT_S)
        one = Browser(connection, driver.process)
        options = {
            "args": [*ARGUMENTS, f"--user-data-dir={profile}"],
            "binary": shutil.which("chromium"),
        }
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        one.session = one.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})[
            "sessionId"
        ]
        try:
            yield one
        finally:
            one.ask("DELETE", f"/session/{one.session}")
            connection.close()


class _Driver(Struct, frozen=True):
    process: int
    port: int


@contextlib.contextmanager
def _driver() -> Iterator[_Driver]:
    """Start the driver and yield its process and port."""
    command = ("chromedriver", "--port=0")
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield _Driver(driver.pid, _port(driver))
    finally:
        driver.send_signal(signal.SIGTERM)
        driver.wait(TIMEOUT_S)
        if driver.stdout is not None:
            driver.stdout.close()


def _port(driver: "subprocess.Popen[str]") -> int:
    for line in driver.stdout or ():
        if "on port" in line and "successfully" in line:
            return int(line.split("on port")[1].strip(" .\n"))
    raise RuntimeError("chromedriver said no port")


def _renderers(driver: int) -> list[Path]:
    """Return the processes below the driver that show pages."""
    below, found = {driver}, []
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda each: int(each.name)):
        with contextlib.suppress(OSError):
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent in below:
                below.add(int(process.name))
                found += (
                    [process] if b"--type=renderer" in (process / "cmdline").read_bytes() else []
                )
    return found


def _memory_bytes(process: Path) -> int:
    told = (process / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in told if line.startswith("Pss:"))
