"""Archive call recordings from a voice portal, provably whole.

``cli`` has the commands, ``app`` what each of them does, ``api`` the same for programs. ``pull``
and ``check`` are the two flows, and call the stages: ``portal``, ``media``, ``audio``, ``store``,
``catalog``, ``notify``. ``manifest`` is the format, ``domain`` the rules and words that all share.
``docs/design.md`` tells the whole story.
"""

__version__ = "0.1.0"
