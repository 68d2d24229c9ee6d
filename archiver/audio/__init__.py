"""Judging audio: a walk over the frames says what a file is, a pure rule what that means.

``mpeg`` holds the tables, ``walk`` the walk, ``tags`` and ``header`` what surrounds the frames,
``probe`` turns a file into :class:`archiver.facts.Facts`, ``verdict`` holds facts against a report.
"""
