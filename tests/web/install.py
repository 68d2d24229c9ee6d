"""What the checks in a browser need: Chromium with its driver, and axe-core.

None of it is shipped. axe-core (MPL-2.0) looks for barriers, and is read from ``.web``.
"""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.web.browser import PROGRAMS

ROOT = Path(__file__).parents[2]
WEB = ROOT / ".web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
AXE_VERSION = "4.14.1"
PICTURES = "ARCHIVER_WEB_PICTURES"
"""The variable that names a folder for pictures."""
_BROWSER = ("apt-get", "install", "--yes", "chromium", "chromium-driver", "fonts-noto-core")
_NPM = ("apt-get", "install", "--yes", "npm")
_AXE = (
    "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(WEB),
    f"axe-core@{AXE_VERSION}",
)  # fmt: skip


def lack() -> str | None:
    """Return why the checks can't run here, and what installs it; ``None`` when they can."""
    commands = [*_needed()]
    if not commands:
        return None
    told = " && ".join(map(shlex.join, commands))
    return f"there is no browser to look with: make test-web INSTALL=1, or {told}"


def install() -> str | None:
    """Install what is missing, and return what went wrong, if anything."""
    for command in _needed():
        sys.stdout.write(f"{shlex.join(command)}\n")
        sys.stdout.flush()
        try:
            subprocess.run(command, cwd=ROOT, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"not installed: {error}"
    return None


def _needed() -> list[tuple[str, ...]]:
    needed: list[tuple[str, ...]] = [] if all(map(shutil.which, PROGRAMS)) else [_BROWSER]
    if AXE.exists():
        return needed
    return [*needed, *([] if shutil.which("npm") else [_NPM]), _AXE]
