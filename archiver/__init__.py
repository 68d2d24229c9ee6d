"""Archive call recordings from a voice portal, provably whole.

A program asks this package for what it calls: ``from archiver import PullRequest, load, pull``, and
:mod:`archiver.api` explains it. It is loaded with the first name that is asked for, so that a
command need not wait for what it does not use.

``cli`` has the commands, ``app`` what each of them does, ``api`` the same for programs. ``pull``
and ``check`` are the two flows, and call the stages: ``portal``, ``media``, ``audio``, ``store``,
``catalog``, ``notify``. ``manifest`` is the format, ``domain`` the rules and words that all share.
``docs/design.md`` tells the whole story.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archiver.api import *  # noqa: F403 - what is public is said there

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name.startswith("_"):
        raise AttributeError(name)
    return getattr(importlib.import_module("archiver.api"), name)
