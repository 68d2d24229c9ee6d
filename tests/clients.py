"""Clients of plain HTTP: to read the authorities of TLS takes longer than a test."""

import ssl
from functools import partial

import httpx

_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Who is trusted: nobody is read."""
plain_client = partial(httpx.Client, trust_env=False, verify=_NOBODY)
get = partial(httpx.get, trust_env=False, verify=_NOBODY)
