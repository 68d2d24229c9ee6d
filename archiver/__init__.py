"""Archive call recordings from a voice portal, provably whole.

The packages below are the pipeline: ``cli`` is the door, ``run`` does the work by calling the
stages (``portal``, ``download``, ``audio``, ``store``, ``manifest``, ``catalog``), and the modules
beside this one are the rules and words they all share. ``docs/design.md`` tells the whole story.
"""

__version__ = "0.1.0"
