"""From a link to the bytes behind it, in a file of the caller's, or a plain reason why not.

``link`` reads a link, ``hosts`` and ``peer`` say where it may lead, ``transfer`` is the state of
one transfer, ``answers`` turns an HTTP answer into what to do next, ``watch`` bounds its time, and
``http`` with ``wire`` beneath it are the only ones that touch a network. No credential, cookie or
redirect exists on this side: a link is its own credential.
"""
