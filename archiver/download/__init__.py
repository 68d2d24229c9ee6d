"""Fetching one link into a part file, whole or not at all.

``link`` reads what a presigned link says of itself, ``hosts`` and ``peer`` decide where we may
connect, ``transfer`` is the state of one transfer and ``http`` does the network. No credential ever
travels here: a link is its own.
"""
