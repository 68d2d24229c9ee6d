"""From a link to the bytes behind it, in a file of the caller's, or a plain reason why not.

``link`` reads a link, ``allow_list`` and ``addresses`` say where it may lead, ``transfer`` is the
state of one transfer, ``error_answers`` turns an HTTP answer into what to do next, ``deadline``
bounds its time, and ``client`` with ``connect`` beneath it are the only ones that touch a network.
No credential, cookie or redirect exists on this side: a link is its own credential.
"""
