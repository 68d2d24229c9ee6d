"""The work itself: what the commands do, told as events and returned as values.

``pipeline`` is the whole idea in one short file: one recording, from its link to its entry. Around
it ``slices`` lists ahead, ``plan`` decides, ``links`` keeps links young, ``adoption`` finds what an
earlier run left, ``crew`` does many at once, ``register`` writes the manifests and ``pull`` ties
them together. Nothing here prints, exits or knows a command line.
"""
