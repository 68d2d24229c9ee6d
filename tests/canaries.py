"""The secrets and numbers that nothing may print, and the search for them in all that was written.

The texts to look for are written in pieces, so that this file itself is no hit.
"""

TOKEN = "canary-" + "4711-token"
