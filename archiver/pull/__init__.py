"""The first flow: windows of a portal, listed, planned, fetched, judged, stored and entered.

``recording`` is the whole idea in one short file; ``run`` does it for many.
"""
