"""Judging audio: a walk says what a file really is, a pure rule what that means.

``probe`` finds out which kind a file is and has it measured: MPEG frames by ``stream`` (over
``walk``, ``mpeg``, ``header`` and ``account``), everything else by the module of its own name, or
``raw_frames``. All of them hand over :class:`archiver.facts.Facts`, and ``verdict`` holds facts
against what was reported.
"""
