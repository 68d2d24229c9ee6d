"""One file of everything: the page's own HTML, CSS and JavaScript, and the data as base64 of gzip.

Its security policy allows the very scripts and styles that stand in it, by their hashes, and audio
from beside it; nothing else is ever loaded, and no text of the data can become markup.
"""

import base64
import gzip
import hashlib
from importlib.resources import files
from string import Template

from archiver.json_documents import Json, dumps

STYLES = ("report.css",)
SCRIPTS = (
    "dom.js",
    "words.js",
    "data.js",
    "calendar.js",
    "plot.js",
    "table.js",
    "filters.js",
    "player.js",
    "main.js",
)
MARK = b'<!doctype html>\n<html lang="en">\n<!-- archiver report -->\n'
"""How every page begins: only what begins so is ever replaced."""
_LEVEL = 6


def html_page(document: dict[str, Json], *, plays: bool) -> bytes:
    """Return the page; the same document gives the same bytes.

    ``plays`` says that it may load audio from beside itself.
    """
    styles, scripts = [*map(_asset, STYLES)], [*map(_asset, SCRIPTS)]
    data = base64.b64encode(gzip.compress(dumps(document), _LEVEL, mtime=0)).decode()
    page = Template(_asset("report.html")).substitute(
        policy=policy(styles, scripts, plays=plays),
        styles="\n".join(f"<style>{text}</style>" for text in styles),
        scripts="\n".join(f"<script>{text}</script>" for text in scripts),
        data=f'<script type="application/octet-stream" id="data">{data}</script>',
    )
    return page.encode()


def policy(styles: list[str], scripts: list[str], *, plays: bool) -> str:
    """Return the Content-Security-Policy under which exactly these texts are used."""
    media = "'self' file:" if plays else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src {' '.join(map(_hash, styles))}",
            f"media-src {media}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return (files("archiver.report.page") / name).read_text("utf-8")
