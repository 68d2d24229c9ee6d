"""Judging audio: a walk says what a file really is, a pure rule what that means.

``measure`` finds out which kind a file is and has it measured: MPEG frames by ``mpeg``, everything
else by a module of ``kinds``. All of them hand over :class:`archiver.domain.audio_facts.Facts`, and
``verdict`` holds facts against what was reported.
"""
